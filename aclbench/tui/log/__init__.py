"""The log of events: kept raw, filtered by kind and by words, put into words when shown."""
