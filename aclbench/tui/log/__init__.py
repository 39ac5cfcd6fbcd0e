"""The log of events: kept raw, filtered by kind, put into words when shown."""
