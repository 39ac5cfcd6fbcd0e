"""Numbers of things in words; a leaf."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 packet`, `1,234 packets`, `2 branches`: a noun whose plural is regular."""
    if count == 1:
        return f"1 {noun}"
    ending = "es" if noun.endswith(("s", "x", "ch", "sh")) else "s"
    return f"{count:,} {noun}{ending}"


def ordinal(number: int) -> str:
    """`1st`, `12th`, `1,241st`."""
    is_teen = number % 100 in (11, 12, 13)
    ending = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
