"""The compiled form of `storage.py`: a column is machine words side by side (`vec` of librt).

It is compiled under that file's name, and never imported by its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from librt.vecs import append, extend, vec
from mypy_extensions import i64

Column: TypeAlias = "vec[i64]"


def column(items: Iterable[i64]) -> Column:
    """A column of these; those of a NumPy array of `int64` are copied as they are."""
    return extend(vec[i64](), items)


def zeros(n: i64) -> Column:
    """A column of n zeros."""
    return vec[i64]([0] * n)


def appended(numbers: Column, number: i64) -> Column:
    """A column with one more; the old one is not to be used any more."""
    return append(numbers, number)


def extended(numbers: Column, items: Iterable[i64]) -> Column:
    """A column with these behind it; the old one is not to be used any more."""
    return extend(numbers, items)
