"""Numbers of things in words; a leaf."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 packet`, `1,234 packets`, `2 branches`: a noun whose plural is regular."""
    if count == 1:
        return f"1 {noun}"
    ending = "es" if noun.endswith(("s", "x", "ch", "sh")) else "s"
    return f"{count:,} {noun}{ending}"
