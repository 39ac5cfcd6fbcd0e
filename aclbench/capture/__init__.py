"""Bytes in, packets out: read captures, decode them in batches, steer, craft, write.

`reader` gives batches of raw frames, which `pcap` and `pcapng` find in the bytes that `stream`
reads; `links` knows what stands before the IP header; `decoding` makes parallel `columns` of a
batch, of common `shapes` all at once, with the hashes of their `flows`; `sequence` makes one stream
of several captures, `steering` says which interface each packet enters, `guess` finds the inside of
a capture that comes alone (by `openers`, `sides`, `covering`), `duplicates` notices packets that
were captured twice, `craft` and `fields` are for single packets, `writer` and `pcapng_writer` write
captures. `synth` generates the traffic that `traffic` describes, with headers from `compose`.
"""

from aclbench.capture.batch import LINK_ETHERNET, RawBatch
from aclbench.capture.columns import NOTED, Columns
from aclbench.capture.craft import as_frame, describe
from aclbench.capture.decoding import decode
from aclbench.capture.duplicates import Duplicates
from aclbench.capture.fields import PacketFields, make_frame
from aclbench.capture.guess import (
    GUESS_PACKETS,
    GuessedSides,
    guess_inside,
    guessing_inside,
    inside_options,
)
from aclbench.capture.links import LINK_NONE, as_ethernet, parse_frame
from aclbench.capture.openers import source_opened
from aclbench.capture.pcapng_copy import PcapngCopy, is_pcapng
from aclbench.capture.pcapng_writer import PcapngWriter, Source
from aclbench.capture.reader import CaptureReader, ReaderState, open_capture
from aclbench.capture.sequence import CapturePosition, CaptureSequence, Group
from aclbench.capture.steering import (
    NO_INTERFACES,
    ByAddress,
    ByCapture,
    ByCaptureInterface,
    ByMac,
    ByVlan,
    Steering,
    parse_mac,
    parse_vlan,
)
from aclbench.capture.stream import STANDARD_INPUT, awaiting_header, can_be_read_again
from aclbench.capture.synth import write_traffic
from aclbench.capture.traffic import Traffic
from aclbench.capture.writer import PcapWriter, write_pcap

__all__ = [
    "GUESS_PACKETS",
    "LINK_ETHERNET",
    "LINK_NONE",
    "NOTED",
    "NO_INTERFACES",
    "STANDARD_INPUT",
    "ByAddress",
    "ByCapture",
    "ByCaptureInterface",
    "ByMac",
    "ByVlan",
    "CapturePosition",
    "CaptureReader",
    "CaptureSequence",
    "Columns",
    "Duplicates",
    "Group",
    "GuessedSides",
    "PacketFields",
    "PcapWriter",
    "PcapngCopy",
    "PcapngWriter",
    "RawBatch",
    "ReaderState",
    "Source",
    "Steering",
    "Traffic",
    "as_ethernet",
    "as_frame",
    "awaiting_header",
    "can_be_read_again",
    "decode",
    "describe",
    "guess_inside",
    "guessing_inside",
    "inside_options",
    "is_pcapng",
    "make_frame",
    "open_capture",
    "parse_frame",
    "parse_mac",
    "parse_vlan",
    "source_opened",
    "write_pcap",
    "write_traffic",
]
