"""The game of the scheduler on the screen."""
