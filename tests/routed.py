"""The lines that tests of a small bench begin with, as VPP takes them."""

from __future__ import annotations

from typing import Final

#: Two interfaces that are up and have addresses: pg0 is inside, pg1 outside.
ROUTED: Final = (
    "create packet-generator interface pg0",
    "create packet-generator interface pg1",
    "set interface state pg0 up",
    "set interface state pg1 up",
    "set interface ip address pg0 10.0.0.1/24",
    "set interface ip address pg1 192.168.0.1/24",
)
#: Connections from inside are let out, and their answers back in.
INSIDE_OUT: Final = (
    *ROUTED,
    "set acl-plugin acl permit+reflect src 10.0.0.0/24 dst 0.0.0.0/0 tag inside-out",
    "set acl-plugin acl deny tag outside-in",
    "set acl-plugin interface pg0 input acl 0",
    "set acl-plugin interface pg0 output acl 1",
)
