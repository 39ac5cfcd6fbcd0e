"""The top of the screen: what runs, when it is, how fast, and what became of the packets."""
