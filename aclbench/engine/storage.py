"""What the engine keeps its numbers in: columns of integers of 64 bits.

This file is the interpreted form, over Python's arrays. Where the machine is compiled
`storage_packed.py` stands in its place, with the same names. Besides this, `pool.py` and `table.py`
alone have two forms.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections.abc import Callable
from operator import getitem
from struct import Struct
from typing import Any, Final, TypeAlias

#: Integers, each of which fits in 64 bits with its sign.
Column: TypeAlias = "array[int]"


def column(items: Any) -> Column:
    """A column of these; those of a NumPy array of `int64` are copied as they are."""
    return array("q", items.tobytes() if hasattr(items, "tobytes") else items)


def zeros(n: int) -> Column:
    """A column of n zeros."""
    return array("q", bytes(8 * n))


def appended(numbers: Column, number: int) -> Column:
    """A column with one more; the old one is not to be used any more."""
    numbers.append(number)
    return numbers


def extended(numbers: Column, items: Any) -> Column:
    """A column with these behind it; the old one is not to be used any more."""
    numbers.extend(column(items))
    return numbers


def last_at_most(numbers: Column, number: int, low: int, high: int) -> int:
    """The place of the last one that is no greater, of sorted ones from `low` to before `high`.

    `low - 1` where all of these are greater.
    """
    return bisect_right(numbers, number, low, high) - 1


def last_at_most_be32(numbers: Column, data: bytes, at: int) -> int:
    """The same of all, for the unsigned number that four bytes of `data` are."""
    return bisect_right(numbers, int.from_bytes(data[at : at + 4], "big")) - 1


def picked(numbers: Column, rows: list[int]) -> Column:
    """A column of what stands in these rows; empty of an empty one."""
    return array("q", [numbers[row] for row in rows]) if numbers else array("q")


# --- numbers in bytes -------------------------------------------------------------------------
#
# In network order, where nothing is said.


def be16(data: bytes, at: int) -> int:
    """The unsigned number in two bytes."""
    return int.from_bytes(data[at : at + 2], "big")


def be32(data: bytes, at: int) -> int:
    """The unsigned number in four bytes."""
    return int.from_bytes(data[at : at + 4], "big")


def be64(data: bytes, at: int) -> int:
    """The signed number in eight bytes."""
    return int.from_bytes(data[at : at + 8], "big", signed=True)


_BIG: Final = Struct(">4I")
_LITTLE: Final = Struct("<4I")


def four_words(data: bytes, at: int, big_endian: bool) -> tuple[int, int, int, int]:
    """The unsigned numbers in four times four bytes, of either order."""
    words: tuple[int, int, int, int] = (_BIG if big_endian else _LITTLE).unpack_from(data, at)
    return words


#: The unsigned numbers in 4, 4, 2, 2, 1 and 1 bytes.
numbers14: Final[Callable[[bytes], tuple[int, ...]]] = Struct("!2I2H2B").unpack

_14_BYTES: Final = Struct("!qHI")
_38_BYTES: Final = Struct("!qqqqHI")


def bytes14(a: int, b: int) -> bytes:
    """A signed number in eight bytes, and one in six."""
    return _14_BYTES.pack(a, b >> 32, b & 0xFFFFFFFF)


def bytes38(a: int, b: int, c: int, d: int, e: int) -> bytes:
    """Four signed numbers in eight bytes each, and one in six."""
    return _38_BYTES.pack(a, b, c, d, e >> 32, e & 0xFFFFFFFF)


#: Keys of IPv4, each with its mirror key.
KeyPairs: TypeAlias = "list[tuple[bytes, bytes]]"
_KEY_PAIR: Final = Struct("14s14s")
#: The two in a row.
key_pair: Final[Callable[[KeyPairs, int], tuple[bytes, bytes]]] = getitem


def key_pairs(a: Column, b: Column, c: Column, d: Column) -> KeyPairs:
    """The `bytes14` of `a` and `b`, and of `c` and `d`, in each row."""
    joined = bytearray(_KEY_PAIR.size * len(a))
    begin = 0
    for numbers, left_out in ((a, 0), (b, 2), (c, 0), (d, 2)):
        words = numbers[:]
        if sys.byteorder == "little":
            words.byteswap()
        of_words = words.tobytes()
        # The first byte of all rows, then the second of all: no loop over the rows.
        for byte in range(left_out, 8):
            joined[begin :: _KEY_PAIR.size] = of_words[byte::8]
            begin += 1
    return list(_KEY_PAIR.iter_unpack(joined))
