"""18 · Where the energy goes."""
