"""Decodes a batch of frames into columns.

The result is, frame by frame, that of `aclbench.capture.links.parse_frame`: that function is the
reference, and tests compare the two on arbitrary bytes. Common shapes are read together (`shapes`):
any number of captured bytes, a few VLAN tags, IPv4 without options (fragments too), IPv6 without
extension headers. All other frames go through the reference, one by one.
"""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from aclbench.capture.batch import RawBatch
from aclbench.capture.columns import Columns
from aclbench.capture.links import LINK_NONE, LINKS_READ, link_types_of, parse_frame, refusal
from aclbench.capture.shapes import Words, no_words, read_common
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


def decode(
    batch: RawBatch,
    extension_headers: Set[int] = DEFAULT_EXTENSION_HEADERS,
    parse: Parse | None = None,
    with_lengths: bool = False,
) -> Columns:
    """Decode every frame of a batch, as `parse_frame` does one.

    With `parse`, which a design may bring, frames are read by it, one by one. `with_lengths`: the
    info words have the length of each frame on the wire.
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
    for column, found in zip(
        (words.k0, words.k1, words.k2, words.k3, words.k4, words.m0, words.m1),
        (*keys, *mirrors[:2]),
        strict=True,
    ):
        if column is not None:
            column[rows] = found
    words.flow[rows] = [flow_hash(packet.key) for packet in keyed]
    return words
