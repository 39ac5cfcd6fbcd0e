"""The workers: a panel each, with flags, bitmaps, counters and the three FIFO lists."""
