"""The timeline: the whole run in a strip, with what happened where, and where one stands."""
