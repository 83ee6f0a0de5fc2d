"""One folder for each chapter: its exercises, its quiz, its explorers.

To add a chapter, see `snnedu/course/exercise.py`.
"""
