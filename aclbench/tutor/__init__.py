"""Lessons: load, run, check, remember. Nothing is here yet."""
