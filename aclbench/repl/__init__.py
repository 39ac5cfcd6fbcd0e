"""The command line that one types into. Nothing is here yet."""
