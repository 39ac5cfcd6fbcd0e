"""Stories: of a session, a packet, a flag, a list, or what differs between two points."""
