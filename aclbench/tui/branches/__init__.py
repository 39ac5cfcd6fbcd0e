"""The branches of the run: to see, to visit, to compare."""
