"""Packets as lines in aligned columns: number, time, flags, length, both ends, connection, verdict.

Flags, ports and the verdict are never cut: what is too long gives way in its addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.style import Style

from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.ends import Ends
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.targets import PacketTarget
from aclbench.tui.units import fit_middle
from aclbench.workbench.views.clock import Clock
from aclbench.workbench.views.packets import PacketView

#: A glyph for each fate; the word stands beside it.
FATE_GLYPHS: Final = {
    "permitted": "✓",
    "denied": "✗",
    "dropped": "✗",
    "delivered": "✓",
    "unchecked": "-",
    "not_ip": "-",
    "malformed": "!",
}
#: Fates that stand out, and those of packets that came where they were to go.
BAD_FATES: Final = frozenset({"denied", "dropped", "malformed"})
GOOD_FATES: Final = frozenset({"permitted", "delivered"})
NEW: Final = "+"
#: An end in full: an IPv4 address with its port, and most IPv6 ones.
_END_MOST: Final = 23
_FLAGS: Final = 6
_LENGTH: Final = 6
_FATE: Final = 12
_INTERFACE: Final = 10
#: From these widths on there are columns of flags, connection, time, length, and of interfaces and
#: reason.
_WITH_FLAGS: Final = 50
_WITH_CONN: Final = 60
_WITH_TIME: Final = 78
_WITH_LENGTH: Final = 100
_WITH_REASON: Final = 112
#: And from here on the reason says which node gave it.
_WITH_NODE: Final = 150


class Columns(NamedTuple):
    """How wide the columns are whose width depends on what is in sight; 0: not there.

    `to_ms`: times are written to the millisecond, so that the ends have more room.
    """

    name: int
    time: int
    to_ms: bool
    flags: int
    length: int
    ends: Ends
    conn: int

    @staticmethod
    def of(packets: Sequence[PacketView], width: int, clock: Clock) -> Columns:
        """Those for some packets, in so much room."""
        name = max([4, *(len(packet.name) for packet in packets)]) + 1
        conns = (len(str(packet.conn or "-")) for packet in packets)
        conn = max([4, *conns]) + 1 if width >= _WITH_CONN else 0
        flags = max([3, *(len(_flags(packet)) + 1 for packet in packets)])
        flags = _FLAGS if width >= _WITH_TIME else flags if width >= _WITH_FLAGS else 0
        length = _LENGTH if width >= _WITH_LENGTH else 0
        room = width - 3 - name - flags - length - conn - _FATE
        most = _END_MOST if width >= _WITH_REASON else None
        pairs = [(each.source, each.destination) for each in packets]
        needed = Ends.of(pairs, 10 * width, most).width
        time, to_ms = 0, False
        if width >= _WITH_TIME:
            time = _times_width(packets, clock, to_ms)
            to_ms = width < _WITH_LENGTH and needed + time > room
            time = _times_width(packets, clock, to_ms)
        return Columns(name, time, to_ms, flags, length, Ends.of(pairs, room - time, most), conn)


def _times_width(packets: Sequence[PacketView], clock: Clock, to_ms: bool) -> int:
    return max([4, *(len(_stamp(packet, clock, to_ms)) for packet in packets)]) + 1


def _stamp(packet: PacketView, clock: Clock, to_ms: bool) -> str:
    """When it was, in a column of times."""
    stamp = clock.stamp(packet.time)
    return stamp[: stamp.index(".") + 4] if to_ms else stamp


def packets_drawing(frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
    """A heading and the newest packets, the newest last."""
    lines = [heading(" packets", "2 shows all ", width, palette)]
    shown = frame.packets[-(height - 1) :] if height > 1 else ()
    columns = Columns.of(shown, width, frame.clock)
    for back, packet in zip(range(len(shown), 0, -1), shown, strict=True):
        new = back <= frame.new_packets
        lines.append(packet_line(packet, frame.clock, new, columns, width, palette))
    if not shown:
        lines.append(Line(" no packet yet", palette.dim))
    return drawing(lines, height)


def column_heads(columns: Columns, width: int, palette: Palette) -> Line:
    """The line above the packets."""
    head = "  " + "no".rjust(columns.name) + " "
    head += "time".rjust(columns.time - 1)[: columns.time] + " " * bool(columns.time)
    head += "flags ".ljust(columns.flags)[: columns.flags]
    head += "bytes ".rjust(columns.length)[: columns.length]
    head += columns.ends.head()
    head += "conn".rjust(columns.conn)[: columns.conn] + " verdict"
    return Line(head, palette.dim).fit(width)


def packet_line(
    packet: PacketView, clock: Clock, new: bool, columns: Columns, width: int, palette: Palette
) -> Line:
    """`+ 17 +2.500000 S 60 10.0.0.2:1234 > 192.168.0.2:80 12 ✓ permitted, ...`."""
    line = Line(" ").add(NEW if new else " ", palette.changed)
    line.add(f"{packet.name:>{columns.name}} ", palette.dim)
    if columns.time:
        line.add(f"{_stamp(packet, clock, columns.to_ms):>{columns.time - 1}} ", palette.dim)
    if columns.flags:
        style = palette.up if packet.tcp_flags else palette.dim
        line.add(f"{_flags(packet):<{columns.flags - 1}} ", style)
    if columns.length:
        length = str(packet.length) if packet.length else "-"
        line.add(f"{length:>{columns.length - 1}} ", palette.dim)
    if packet.source:
        columns.ends.add_to(line, packet.source, packet.destination, palette)
    else:
        line.add(f"{'not IP' if packet.fate == 'not_ip' else '-':<{columns.ends.width}}")
    conn = "…" if packet.conn is None else packet.conn or "-"
    line.add(f"{conn:>{columns.conn}} " if columns.conn else " ", palette.dim)
    fate = f"{FATE_GLYPHS[packet.fate]} {packet.fate.replace('_', ' ')}"
    line.add(f"{fate:<{_FATE - 1}}", fate_style(packet.fate, palette))
    if width >= _WITH_REASON:
        rx, tx = (fit_middle(name, _INTERFACE) for name in (packet.rx, packet.tx or "-"))
        way = f" {rx}>{tx}"
        node, _, reason = packet.reason.rpartition("-fa: ")
        if width >= _WITH_NODE or not node:
            reason = packet.reason
        said = "" if reason.lower() == packet.fate.replace("_", " ") else reason
        line.add(f"{way}  {said}", palette.dim)
    return line.fit(width).point_at(PacketTarget(packet.name, packet.ordinal))


def _flags(packet: PacketView) -> str:
    """A packet's TCP flags; of others the protocol."""
    if packet.tcp_flags:
        return packet.tcp_flags[: _FLAGS - 1]
    return packet.protocol.split(" type")[0].replace("proto ", "p")[: _FLAGS - 1]


def fate_style(fate: str, palette: Palette) -> Style:
    """What a fate looks like."""
    if fate in BAD_FATES:
        return palette.bad
    return palette.good if fate in GOOD_FATES else palette.dim
