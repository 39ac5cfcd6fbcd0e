"""The `:` line: the whole command language, and what it prints."""
