"""A machine that is set up and fed: what runs, apart from its history and who looks at it."""
