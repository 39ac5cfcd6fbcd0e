"""The plot: sessions by class, and work per second, over the time of the run."""
