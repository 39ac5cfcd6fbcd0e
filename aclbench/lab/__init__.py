"""Many benches: the same packets on each, and what differs."""
