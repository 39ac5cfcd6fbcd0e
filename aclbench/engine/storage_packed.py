"""The compiled form of `storage.py`: a column is machine words side by side (`vec` of librt).

It is compiled under that file's name, and never imported by its own.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from librt.strings import (
    BytesWriter,
    read_i16_be,
    read_i32_be,
    read_i64_be,
    read_i64_le,
    write_i16_be,
    write_i32_be,
    write_i64_be,
)
from librt.vecs import append, extend, vec
from mypy_extensions import i16, i32, i64

Column: TypeAlias = "vec[i64]"


def column(items: Any) -> Column:
    """A column of these; those of a NumPy array of `int64` are copied as they are."""
    return extend(vec[i64](), items)


def zeros(n: i64) -> Column:
    """A column of n zeros."""
    return vec[i64]([0] * n)


def appended(numbers: Column, number: i64) -> Column:
    """A column with one more; the old one is not to be used any more."""
    return append(numbers, number)


def extended(numbers: Column, items: Any) -> Column:
    """A column with these behind it; the old one is not to be used any more."""
    return extend(numbers, items)


def last_at_most(numbers: Column, number: i64, low: i64, high: i64) -> i64:
    """The place of the last one that is no greater, of sorted ones from `low` to before `high`.

    `low - 1` where all of these are greater.
    """
    while low < high:
        middle: i64 = low + high >> 1
        if numbers[middle] > number:
            high = middle
        else:
            low = middle + 1
    return low - 1


def last_at_most_be32(numbers: Column, data: bytes, at: i64) -> i64:
    """The same of all, for the unsigned number that four bytes of `data` are."""
    return last_at_most(numbers, be32(data, at), 0, len(numbers))


def picked(numbers: Column, rows: list[int]) -> Column:
    """A column of what stands in these rows; empty of an empty one."""
    if not len(numbers):
        return numbers
    found = zeros(len(rows))
    for at, row in enumerate(rows):
        found[at] = numbers[row]
    return found


# --- numbers in bytes -------------------------------------------------------------------------
#
# In network order, where nothing is said.


def be16(data: bytes, at: i64) -> i64:
    """The unsigned number in two bytes."""
    return i64(read_i16_be(data, at)) & 0xFFFF


def be32(data: bytes, at: i64) -> i64:
    """The unsigned number in four bytes."""
    return i64(read_i32_be(data, at)) & 0xFFFFFFFF


def be64(data: bytes, at: i64) -> i64:
    """The signed number in eight bytes."""
    return read_i64_be(data, at)


def four_words(data: bytes, at: i64, big_endian: bool) -> tuple[i64, i64, i64, i64]:
    """The unsigned numbers in four times four bytes, of either order."""
    a: i64
    b: i64
    if big_endian:
        a, b = read_i64_be(data, at), read_i64_be(data, at + 8)
        return a >> 32 & 0xFFFFFFFF, a & 0xFFFFFFFF, b >> 32 & 0xFFFFFFFF, b & 0xFFFFFFFF
    a, b = read_i64_le(data, at), read_i64_le(data, at + 8)
    return a & 0xFFFFFFFF, a >> 32 & 0xFFFFFFFF, b & 0xFFFFFFFF, b >> 32 & 0xFFFFFFFF


def numbers14(data: bytes) -> tuple[i64, i64, i64, i64, i64, i64]:
    """The unsigned numbers in 4, 4, 2, 2, 1 and 1 bytes."""
    last: i64 = be16(data, 12)
    return be32(data, 0), be32(data, 4), be16(data, 8), be16(data, 10), last >> 8, last & 0xFF


def bytes14(a: i64, b: i64) -> bytes:
    """A signed number in eight bytes, and one in six."""
    writer = BytesWriter()
    write_i64_be(writer, a)
    write_i16_be(writer, i16(b >> 32))
    write_i32_be(writer, i32(b & 0xFFFFFFFF))
    return writer.getvalue()


def bytes38(a: i64, b: i64, c: i64, d: i64, e: i64) -> bytes:
    """Four signed numbers in eight bytes each, and one in six."""
    writer = BytesWriter()
    write_i64_be(writer, a)
    write_i64_be(writer, b)
    write_i64_be(writer, c)
    write_i64_be(writer, d)
    write_i16_be(writer, i16(e >> 32))
    write_i32_be(writer, i32(e & 0xFFFFFFFF))
    return writer.getvalue()


#: Keys of IPv4, each with its mirror key, all joined.
KeyPairs: TypeAlias = bytes
_KEY_BYTES: Final = 14


def key_pair(pairs: KeyPairs, row: i64) -> tuple[bytes, bytes]:
    """The two in a row."""
    begin: i64 = 2 * _KEY_BYTES * row
    middle: i64 = begin + _KEY_BYTES
    return pairs[begin:middle], pairs[middle : middle + _KEY_BYTES]


def key_pairs(a: Column, b: Column, c: Column, d: Column) -> KeyPairs:
    """The `bytes14` of `a` and `b`, and of `c` and `d`, in each row."""
    writer = BytesWriter()
    for i in range(len(a)):
        write_i64_be(writer, a[i])
        write_i16_be(writer, i16(b[i] >> 32))
        write_i32_be(writer, i32(b[i] & 0xFFFFFFFF))
        write_i64_be(writer, c[i])
        write_i16_be(writer, i16(d[i] >> 32))
        write_i32_be(writer, i32(d[i] & 0xFFFFFFFF))
    return writer.getvalue()
