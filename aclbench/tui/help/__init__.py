"""The help screen: every key, and what the glyphs mean."""
