"""Loads what measures the notebooks; it must be known before any folder is collected."""

pytest_plugins = ["tests.notebook_budget"]
