"""Texts that count how often they are looked at, for tests of what must not cost a square."""

from __future__ import annotations


class Name(str):
    """A text. `looks` counts how often one of them is hashed, or compared with another."""

    looks = 0

    def __eq__(self, other: object) -> bool:
        Name.looks += 1
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        Name.looks += 1
        return str.__ne__(self, other)

    def __hash__(self) -> int:
        Name.looks += 1
        return str.__hash__(self)
