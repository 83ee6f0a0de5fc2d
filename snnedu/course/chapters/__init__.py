"""One folder for each chapter: its exercises, its quiz, its explorers."""
