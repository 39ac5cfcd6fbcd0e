"""Which interface a packet enters: one class a kind of steering, behind one small protocol.

A capture does not tell on which side of the machine a packet was seen, so it has to be derived.
`addresses` uses the source address; `labels` uses what else a packet carries: VLAN tags, source
MAC, the pcapng interface, or the capture that it is in. All work on whole batches.
"""

from aclbench.capture.steering.addresses import ByAddress
from aclbench.capture.steering.labels import (
    NO_INTERFACES,
    ByCapture,
    ByCaptureInterface,
    ByMac,
    ByVlan,
    parse_mac,
    parse_vlan,
)
from aclbench.capture.steering.protocol import Steering

__all__ = [
    "NO_INTERFACES",
    "ByAddress",
    "ByCapture",
    "ByCaptureInterface",
    "ByMac",
    "ByVlan",
    "Steering",
    "parse_mac",
    "parse_vlan",
]
