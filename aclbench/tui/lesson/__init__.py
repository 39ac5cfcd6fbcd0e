"""The lesson: what is read, asked and ticked off, beside the bench or in a place of its own."""
