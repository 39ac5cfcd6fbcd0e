"""The command line that one types into, and the same for lines that come from elsewhere."""
