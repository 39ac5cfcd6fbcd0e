"""Bytes in, packets out: read captures, decode them in batches, steer, craft, write.

`reader` gives batches of raw frames, `columns` decodes a batch into parallel columns, `steering`
says which interface each packet enters, `guess` finds the inside of a capture that comes alone,
`craft` is for single packets, `writer` writes captures.
"""

from aclbench.capture.batch import LINK_ETHERNET, RawBatch
from aclbench.capture.columns import Columns, decode
from aclbench.capture.craft import as_frame, describe
from aclbench.capture.guess import GuessedSides, guess_inside
from aclbench.capture.reader import CaptureReader, open_capture
from aclbench.capture.steering import Steering
from aclbench.capture.writer import PcapWriter, write_pcap

__all__ = [
    "LINK_ETHERNET",
    "CaptureReader",
    "Columns",
    "GuessedSides",
    "PcapWriter",
    "RawBatch",
    "Steering",
    "as_frame",
    "decode",
    "describe",
    "guess_inside",
    "open_capture",
    "write_pcap",
]
