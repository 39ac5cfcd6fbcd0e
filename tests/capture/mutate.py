"""Ways to damage a capture: each takes its bytes and a source of chance, and gives other bytes.

What has to be found in a capture (its records, its blocks) is found by its own lengths, as long as
they hold; so a mutant can be mutated again.
"""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable, Sequence
from struct import pack, pack_into, unpack_from

from capture.containers import (
    LINKS,
    Record,
    block,
    enhanced,
    interface,
    obsolete,
    option,
    pcap,
    pcapng,
    relink,
    section,
    simple,
)

Mutator = Callable[[bytes, random.Random], bytes]

#: Bytes that headers are sensitive to.
NASTY = (0, 1, 3, 6, 0x0A, 0x7F, 0x80, 0xFF)
#: Numbers that no length should be, and some that only just may.
ABSURD = (0, 1, 3, 7, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x4_0000, 0x4_0001, 0x100_0000,
          0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF0, 0xFFFF_FFFC, 0xFFFF_FFFF)  # fmt: skip
_SECTION = bytes.fromhex("0a0d0d0a")
_PCAP_BIG = (bytes.fromhex("a1b2c3d4"), bytes.fromhex("a1b23c4d"))


def containers(records: Sequence[Record], link: int) -> list[bytes]:
    """Sound captures of the same packets: each format and byte order, and two of them packed."""
    made = [(time_ns, relink(frame, link)) for time_ns, frame in records]
    plain = [make(made, link, order) for make in (pcap, pcapng) for order in "<>"]
    return [*plain, gzip.compress(plain[0], 1, mtime=0), gzip.compress(plain[2], 1, mtime=0)]


def rare_pcapng(records: Sequence[Record], order: str = "<") -> bytes:
    """A pcapng of two sections: every kind of packet block, resolutions and link types that differ,
    offsets, comments.
    """
    comment = option(1, b"rare", order)
    data = b""
    for resolution, offset in ((6, 0), (0x94, 5)):
        options = option(9, bytes([resolution]), order)
        options += option(14, pack(f"{order}q", offset), order) + comment + option(0, b"", order)
        data += section(order) + interface(1, options, order, 128)
        data += interface(101, comment, order) + interface(113, order=order)
        for i, (time_ns, frame) in enumerate(records):
            made = [frame, relink(frame, 101), relink(frame, 113)][i % 3]
            match i % 4:
                case 0:
                    data += simple(frame[:128], order, len(frame))
                case 1:
                    data += obsolete(time_ns // 1000, made, i % 3, order)
                case _:
                    data += enhanced(time_ns // 1000, made, i % 3, order)
            if i % 5 == 0:
                data += block(4, comment, order) + block(5, bytes(12), order)
    return data


def pieces(data: bytes) -> list[bytes]:
    """The file header and the records of a pcap, or the blocks of a pcapng; together all of it."""
    is_pcapng = data.startswith(_SECTION)
    big = data[8:12] == b"\x1a\x2b\x3c\x4d" if is_pcapng else data[:4] in _PCAP_BIG
    order = ">" if big else "<"
    cuts = [0] if is_pcapng else [0, 24]
    while cuts[-1] + 16 <= len(data):
        at = cuts[-1]
        if is_pcapng:
            size = max(12, unpack_from(f"{order}I", data, at + 4)[0])
        else:
            size = 16 + unpack_from(f"{order}I", data, at + 8)[0]
        cuts.append(at + size)
    cuts = [cut for cut in cuts if cut < len(data)]
    return [data[a:b] for a, b in zip(cuts, [*cuts[1:], len(data)], strict=True)]


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, or a piece cut out, doubled or at the end."""
    mutant = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(mutant)) if chance.random() < 0.7 else chance.randrange(100)
        size = chance.randint(1, 40)
        match chance.randrange(4):
            case 0:
                mutant[at : at + 1] = bytes([chance.choice(NASTY)])
            case 1:
                mutant[at : at + 4] = chance.randbytes(4)
            case 2:
                mutant[at : at + size] = mutant[at : at + 2 * size]
            case _:
                del mutant[at : at + chance.choice((size, len(mutant)))]
        if not mutant:
            break
    return bytes(mutant)


def flip_bits(data: bytes, chance: random.Random) -> bytes:
    """Single bits, anywhere."""
    mutant = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        mutant[chance.randrange(len(mutant))] ^= 1 << chance.randrange(8)
    return bytes(mutant)


def absurd_lengths(data: bytes, chance: random.Random) -> bytes:
    """Numbers of 16 and 32 bits in the heads of records and blocks, where their lengths stand."""
    parts = pieces(data)
    mutant = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5))):
        start = sum(map(len, parts[: chance.randrange(len(parts))]))
        at = start + 2 * chance.randrange(24)
        size, code = chance.choice(((2, "H"), (4, "I")))
        if at + size <= len(mutant):
            value = chance.choice(ABSURD) & (0xFFFF if size == 2 else 0xFFFF_FFFF)
            pack_into(chance.choice("<>") + code, mutant, at, value)
    return bytes(mutant)


def network_lengths(data: bytes, chance: random.Random) -> bytes:
    """Bytes where the IP headers and the options behind them stand, in several packets."""
    parts = [bytearray(piece) for piece in pieces(data)]
    for _ in range(chance.randint(1, 20)):
        piece = chance.choice(parts)
        at = chance.randrange(16, 100)
        if at < len(piece):
            piece[at] = chance.choice(NASTY)
    return b"".join(parts)


def truncate(data: bytes, chance: random.Random) -> bytes:
    """The beginning of it."""
    return data[: chance.choice((chance.randrange(len(data)), chance.randrange(100)))]


def move_pieces(data: bytes, chance: random.Random) -> bytes:
    """Records or blocks left out, doubled, or in another order."""
    parts = pieces(data)
    for _ in range(chance.choice((1, 2, 10))):
        i, j = chance.randrange(len(parts)), chance.randrange(len(parts))
        match chance.randrange(4):
            case 0 if len(parts) > 1:
                del parts[i]
            case 1:
                parts.insert(j, parts[i])
            case 2:
                parts[i], parts[j] = parts[j], parts[i]
            case _:
                parts[i:i] = [parts[i]] * chance.choice((2, 100))
    return b"".join(parts)


def relabel(data: bytes, chance: random.Random) -> bytes:
    """Another link type than the packets have."""
    mutant = bytearray(data)
    order = "<" if chance.random() < 0.8 else ">"
    link = chance.choice((*LINKS, 147, 0xFFFF))
    if data.startswith(_SECTION):
        at = len(pieces(data)[0]) + 8
        if at + 2 <= len(mutant):
            pack_into(f"{order}H", mutant, at, link)
    elif len(mutant) >= 24:
        pack_into(f"{order}I", mutant, 20, link)
    return bytes(mutant)


def packed(data: bytes, chance: random.Random) -> bytes:
    """Packed by gzip, in one piece or two, sound or not."""
    cut = chance.randrange(len(data) + 1)
    whole = gzip.compress(data[:cut], 1, mtime=0) + gzip.compress(data[cut:], 1, mtime=0)
    return whole if chance.random() < 0.3 else flip_bits(whole, chance)


def unpacked(data: bytes) -> bytes:
    """What gzip packed, as far as it goes; anything else as it is."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return zlib.decompressobj(31).decompress(data) or data
    except zlib.error:
        return data


def splice(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """The beginning of one capture and the end of another, at their pieces or anywhere."""
    if chance.random() < 0.5:
        first, second = pieces(data), pieces(other)
        head = first[: chance.randrange(len(first)) + 1]
        return b"".join([*head, *second[chance.randrange(len(second)) :]])
    return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]


MUTATORS: tuple[Mutator, ...] = (
    damaged,
    flip_bits,
    absurd_lengths,
    network_lengths,
    truncate,
    move_pieces,
    relabel,
    packed,
)


def mutant_of(corpus: Sequence[bytes], chance: random.Random) -> bytes:
    """A capture of the corpus, damaged in one way or several."""
    data = chance.choice(corpus)
    if chance.random() < 0.7:
        data = unpacked(data)
    if chance.random() < 0.15:
        data = splice(data, unpacked(chance.choice(corpus)), chance)
    for _ in range(chance.choice((1, 1, 2, 3))):
        if not data:
            break
        data = chance.choice(MUTATORS)(data, chance)
    return data
