"""What makes the machine run: the stepped driver, in virtual time."""
