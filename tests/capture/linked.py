"""Batches of frames with link types, decoded in every way there is."""

from __future__ import annotations

import numpy as np
from capture.frames import batch_of
from msgspec.structs import replace

from aclbench.capture.batch import RawBatch
from aclbench.capture.columns import Columns
from aclbench.capture.decoding import decode, read_in_one_pass
from aclbench.capture.links import parse_frame
from aclbench.capture.shapes import read_at_once


def linked(frames: list[bytes], links: list[int], tail: int = 100) -> RawBatch:
    """The frames as a batch; with one link type for all, or one for each."""
    raw = batch_of(frames, tail=b"\x06" * tail)
    column = np.array(links, dtype=np.int64) if len(set(links)) > 1 else None
    first = links[0] if links else 1
    return replace(raw, link_type=first, link_types=column)


def assert_agrees(batch: RawBatch) -> Columns:
    expected = [parse_frame(batch.frame(i), batch.link_of(i)) for i in range(len(batch))]
    for read in (read_at_once, read_in_one_pass):
        columns = decode(batch, read_common=read)
        assert columns.keys() == [packet.key for packet in expected]
        assert columns.mirror_keys() == [packet.mirror_key for packet in expected]
        assert columns.info.tolist() == [packet.info for packet in expected]
    return columns
