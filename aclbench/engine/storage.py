"""What the engine keeps its numbers in: columns of integers of 64 bits.

This file is the interpreted form, over Python's lists. Where the machine is compiled
`storage_packed.py` stands in its place, with the same names: there a column is machine words side
by side, so that a million sessions are no objects. Nothing else in the engine has two forms.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

#: Integers, each of which fits in 64 bits with its sign.
Column: TypeAlias = "list[int]"


def column(items: Iterable[int]) -> Column:
    """A column of these; those of a NumPy array of `int64` are copied as they are."""
    return _as_list(items)


def zeros(n: int) -> Column:
    """A column of n zeros."""
    return [0] * n


def appended(numbers: Column, number: int) -> Column:
    """A column with one more; the old one is not to be used any more."""
    numbers.append(number)
    return numbers


def extended(numbers: Column, items: Iterable[int]) -> Column:
    """A column with these behind it; the old one is not to be used any more."""
    numbers.extend(_as_list(items))
    return numbers


def _as_list(items: Any) -> list[int]:
    """Python's own integers, also of what NumPy has."""
    return items.tolist() if hasattr(items, "tolist") else list(items)
