"""The bench itself as a place: its workers, and below them log, packets and plot."""
