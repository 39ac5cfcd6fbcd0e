"""The cleaner process: what it waits for, until when, and the clear under way."""
