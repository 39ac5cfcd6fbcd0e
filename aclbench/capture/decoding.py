"""Decodes a batch of frames into columns.

The result is, frame by frame, that of `aclbench.capture.links.parse_frame`: that function is the
reference, and tests compare the two on arbitrary bytes. Common shapes are read together (`shapes`):
any number of captured bytes, a few VLAN tags, IPv4 without options (fragments too), IPv6 without
extension headers. All other frames go through the reference, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from aclbench.capture.batch import LINK_ETHERNET, RawBatch
from aclbench.capture.columns import Columns
from aclbench.capture.decoder import Starts, read_frames
from aclbench.capture.links import (
    COOKED_BYTES,
    ETHERNET_BYTES,
    LINK_COOKED,
    LINK_NONE,
    LINKS_READ,
    link_types_of,
    parse_frame,
    refusal,
    untagged_starts,
)
from aclbench.capture.shapes import Words, is_extension_header, no_words, read_at_once
from aclbench.compiled import form
from aclbench.engine.packet import (
    DEFAULT_EXTENSION_HEADERS,
    INFO_IP6,
    INFO_LENGTH_SHIFT,
    Parse,
    flow_hash,
    key_words,
    parse_ethernet,
)
from aclbench.errors import CaptureError

#: Reads what is of a common shape, given the extension headers that are skipped.
ReadCommon: TypeAlias = Callable[[RawBatch, frozenset[int]], Words]

#: Link headers that end with the ethertype, and are always so long.
_LINK_BYTES: Final[dict[int, int]] = {LINK_ETHERNET: ETHERNET_BYTES, LINK_COOKED: COOKED_BYTES}


def read_in_one_pass(batch: RawBatch, extension_headers: frozenset[int]) -> Words:
    """As `shapes.read_at_once`, by the compiled decoder; see `Words`."""
    link_bytes = _LINK_BYTES.get(batch.link_type) if batch.link_types is None else None
    if link_bytes is not None:
        starts = Starts(link_bytes, (), ())
    elif len(batch.data) < 2 * ETHERNET_BYTES:
        return no_words(len(batch))
    else:
        last = len(batch.data) - ETHERNET_BYTES
        (at, ethertype), tagged = untagged_starts(batch, last)
        # What is not known begins behind all data: it is read singly.
        at = np.where(tagged | (at > last), len(batch.data) + 1, at)
        starts = Starts(0, at, ethertype.astype(np.int64))
    skipped = is_extension_header(extension_headers).tobytes()
    read = read_frames(batch.data, batch.offset, batch.captured, batch.wire_bytes, starts, skipped)
    # A compiled column cannot be written to by NumPy: only a copy of it can.
    numbers = partial(np.array, dtype=np.int64)
    if not read.rest:
        numbers = partial(np.asarray, dtype=np.int64)
    k0, k1, m0, m1, flow = map(numbers, (read.k0, read.k1, read.m0, read.m1, read.flow))
    k2 = k3 = k4 = None
    if len(read.k2):
        k2, k3, k4 = map(numbers, (read.k2, read.k3, read.k4))
    return Words(k0, k1, m0, m1, np.array(read.info, np.int64), flow, k2, k3, k4, read.rest)


#: The quicker way, as the machine runs.
READ_COMMON: Final[ReadCommon] = read_in_one_pass if form() == "compiled" else read_at_once


def decode(
    batch: RawBatch,
    extension_headers: Set[int] = DEFAULT_EXTENSION_HEADERS,
    parse: Parse | None = None,
    with_lengths: bool = False,
    read_common: ReadCommon = READ_COMMON,
) -> Columns:
    """Decode every frame of a batch, as `parse_frame` does one.

    With `parse`, which a design may bring, frames are read by it, one by one. `with_lengths`: the
    info words have the length of each frame on the wire. `read_common` is given by tests alone.
    Raises CaptureError for a link type that is not read; nothing in a frame raises.
    """
    for link_type in link_types_of(batch):
        if link_type not in LINKS_READ and link_type != LINK_NONE:
            raise CaptureError(refusal(link_type))
    if parse is None:
        words = read_common(batch, frozenset(extension_headers))
    else:
        words = no_words(len(batch))
    if words.rest:
        words = _read_singly(batch, words, extension_headers, parse or parse_ethernet)
    info = words.info | batch.wire_bytes << INFO_LENGTH_SHIFT if with_lengths else words.info
    return Columns(
        k0=words.k0,
        k1=words.k1,
        m0=words.m0,
        m1=words.m1,
        info=info,
        flow=words.flow,
        first_number=batch.first_number,
        k2=words.k2,
        k3=words.k3,
        k4=words.k4,
    )


def _read_singly(batch: RawBatch, words: Words, extension_headers: Set[int], parse: Parse) -> Words:
    """Read by the reference what is of no common shape."""
    packets = [
        parse_frame(
            batch.frame(row), batch.link_of(row), extension_headers, batch.uncaptured(row), parse
        )
        for row in words.rest
    ]
    words.info[words.rest] = [packet.info for packet in packets]
    rows = [row for row, packet in zip(words.rest, packets, strict=True) if packet.key]
    if not rows:
        return words
    keyed = [packet for packet in packets if packet.key]
    if words.k2 is None and any(packet.info & INFO_IP6 for packet in keyed):
        k2, k3, k4 = np.zeros((3, len(batch)), dtype=np.int64)
        words = words._replace(k2=k2, k3=k3, k4=k4)
    keys = np.array([key_words(packet.key) for packet in keyed]).T
    mirrors = np.array([key_words(packet.mirror_key) for packet in keyed]).T
    for numbers, found in zip(
        (words.k0, words.k1, words.k2, words.k3, words.k4, words.m0, words.m1),
        (*keys, *mirrors[:2]),
        strict=True,
    ):
        if numbers is not None:
            numbers[rows] = found
    words.flow[rows] = [flow_hash(packet.key) for packet in keyed]
    return words
