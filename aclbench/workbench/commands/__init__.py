"""The commands there are, and how a line is performed: see `table.py` and `lines.py`."""
