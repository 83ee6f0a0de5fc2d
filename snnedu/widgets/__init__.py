"""Instruments to play with in a notebook: controls, panels that answer, animations."""
