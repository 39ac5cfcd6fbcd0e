"""Packets as lines: number, time, way, connection, verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.style import Style

from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame
from aclbench.tui.palette import Palette
from aclbench.tui.targets import PacketTarget
from aclbench.tui.units import fit, fit_middle, stamp_text
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
#: From this width on the time and the whole reason are shown.
_WIDE: Final = 90
NEW: Final = "+"
_CONNECTION_WIDTH: Final = 44
_INTERFACE_WIDTH: Final = 10


def packets_drawing(frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
    """A heading and the newest packets, the newest last."""
    lines = [heading(" packets", "2 shows all ", width, palette)]
    shown = frame.packets[-(height - 1) :] if height > 1 else ()
    name_width = name_width_of(shown)
    for back, packet in zip(range(len(shown), 0, -1), shown, strict=True):
        new = back <= frame.new_packets
        lines.append(packet_line(packet, frame.started, new, name_width, width, palette))
    if not shown:
        lines.append(Line(" no packet yet", palette.dim))
    return drawing(lines, height)


def name_width_of(packets: Sequence[PacketView]) -> int:
    """How wide the column of their names is."""
    return max([4, *(len(packet.name) for packet in packets)])


def packet_line(
    packet: PacketView, started: int, new: bool, name_width: int, width: int, palette: Palette
) -> Line:
    """`+ 17 pg0>pg1 10.0.0.2:1234>192.168.0.2:80 tcp ✓ permitted ...`."""
    line = Line(" ").add(NEW if new else " ", palette.changed)
    line.add(f" {packet.name:>{name_width}} ", palette.dim)
    if width >= _WIDE:
        line.add(f"{stamp_text(packet.time - started):>12} ", palette.dim)
    said = f"{FATE_GLYPHS[packet.fate]} {packet.fate.replace('_', ' ')}"
    style = fate_style(packet.fate, palette)
    connection = packet.connection or "not IP"
    if packet.tcp_flags:
        connection += f" {packet.tcp_flags}"
    # The fate has its room before long names of interfaces have theirs.
    room = max(width - len(line) - len(said) - 10, 5)
    name_room = min((room - 1) // 2, _INTERFACE_WIDTH)
    way = f"{fit_middle(packet.rx, name_room)}>{fit_middle(packet.tx or '-', name_room)}"
    line.add(way.ljust(8) + " ")
    room = max(width - len(line) - len(said) - 1, 0)
    if width >= _WIDE:
        room = min(room - 1, _CONNECTION_WIDTH)
        line.add(fit(connection, room).ljust(room) + " ")
        line.add(said, style)
        reason = "" if packet.reason.lower() == packet.fate.replace("_", " ") else packet.reason
        line.add(f", {reason}" if reason else "", palette.dim)
    else:
        line.add(fit(connection.replace(" > ", ">"), room - 1).ljust(room - 1) + " ")
        line.add(said, style)
    return line.fit(width).point_at(PacketTarget(packet.name, packet.event))


def fate_style(fate: str, palette: Palette) -> Style:
    """What a fate looks like."""
    if fate in ("denied", "dropped", "malformed"):
        return palette.bad
    return palette.good if fate in ("permitted", "delivered") else palette.dim
