"""Sorting columns of numbers: in what order, and which of the different numbers each is."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: What a number that is not negative has room for.
_BITS: Final = 63


def in_order(numbers: Ints) -> tuple[Ints, Ints]:
    """Numbers, none of them negative, sorted; and the row of each, of equals the first one first.

    There must be at least one.
    """
    bits = len(numbers).bit_length()
    if int(numbers.max()) >> (_BITS - bits):
        rows = np.argsort(numbers, kind="stable")
        return numbers[rows], rows
    # Several times as fast as to sort the rows: NumPy sorts plain numbers many at a time.
    both = numbers << bits
    both |= np.arange(len(numbers))
    both.sort()
    rows = both & ((1 << bits) - 1)
    both >>= bits
    return both, rows


def begins(ordered: NDArray[Any]) -> Bools:
    """Of sorted values, at least one: whether each is the first of its kind."""
    return np.append(True, ordered[1:] != ordered[:-1])


def ranked(values: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
    """The different values, sorted, and which of them each is. There must be at least one.

    Numbers must not be negative.
    """
    if values.dtype.kind == "S":
        different, rank = np.unique(values, return_inverse=True)
        return different, rank.reshape(-1)
    ordered, rows = in_order(values.astype(np.int64))
    is_new = begins(ordered)
    rank = np.empty(len(rows), dtype=np.int64)
    rank[rows] = np.cumsum(is_new)
    rank -= 1
    return ordered[is_new], rank
