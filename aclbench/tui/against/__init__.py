"""Two benches on one clock: the same packets and commands, with another design or setting."""
