"""Finds where the records of a classic pcap begin.

Each record gives the start of the next, so it is a loop; in a module of its own, which is compiled.
"""

from __future__ import annotations


def walk_records(
    data: bytes, length_at: int, header_bytes: int, max_records: int, big_endian: bool
) -> tuple[list[int], int]:
    """Follow records from the one whose length (32 bits) stands at `length_at`.

    A record is its header, `header_bytes` long, and as many bytes as its length says. Returns where
    the length of each record is, and where that of the next one would be; stops after
    `max_records`, and where a length is not within the data.
    """
    starts: list[int] = []
    last = len(data) - 4
    a, b, c, d = (3, 2, 1, 0) if big_endian else (0, 1, 2, 3)
    at = length_at
    while at <= last and len(starts) < max_records:
        starts.append(at)
        length = data[at + a] | data[at + b] << 8 | data[at + c] << 16 | data[at + d] << 24
        at += length + header_bytes
    return starts, at
