"""The packets with the whole room: those that are kept, searched and filtered by fate."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.binding import BindingType

from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame
from aclbench.tui.keys import bindings
from aclbench.tui.log.store import KEPT
from aclbench.tui.packets.text import name_width_of, packet_line
from aclbench.tui.palette import Palette
from aclbench.tui.place import FILTER, OPEN, SEARCH, RowsPlace
from aclbench.tui.player import Player
from aclbench.tui.targets import PacketTarget
from aclbench.workbench.views.packets import PacketView

#: The fates that a key goes through; empty: all.
FATES: Final = (
    "",
    "denied",
    "dropped",
    "permitted",
    "delivered",
    "unchecked",
    "not_ip",
    "malformed",
)
#: Rows that can be scrolled through while nothing is searched for.
MOST: Final = 1000


class PacketsPlace(RowsPlace[PacketView]):
    """Packets, oldest first; the cursor follows the newest until it is moved."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(OPEN, FILTER, SEARCH)

    def __init__(self, player: Player) -> None:
        super().__init__(player, "packets", lambda packet: (packet.event, packet.name), _target)
        self.fate = ""

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        rows = self._found()
        fate = self.fate.replace("_", " ")
        which = f"{fate or 'all'}{f', with {self.search}' if self.search else ''}"
        handled = frame.snapshot.packets.read
        about = f"{len(rows):,} of {handled:,}; f fates, / searches, Enter explains "
        lines = [heading(f" packets  {which}", about, width, palette)]
        name_width = name_width_of(rows[-200:])
        new = frame.new_packets if not (self.fate or self.search) else 0

        def lines_of(packet: PacketView, number: int) -> list[Line]:
            is_new = number >= len(rows) - new
            return [packet_line(packet, frame.started, is_new, name_width, width, palette)]

        body = self._rows.show(rows, height - 1, lines_of)
        if not body:
            body = [Line(f" no such packet among the latest {KEPT:,}", palette.dim)]
            if not handled:
                body = [Line(" no packet yet: space plays, i sends one", palette.dim)]
        return drawing(lines + body, height)

    def _found(self) -> list[PacketView]:
        """The latest packets that are wanted, oldest first."""
        if not (self.fate or self.search):
            return list(self.player.log.packets(MOST))
        words = self.search.lower().split()
        return [
            packet
            for packet in self.player.log.packets(KEPT)
            if self.fate in ("", packet.fate) and all(word in _said(packet) for word in words)
        ]

    def action_filter(self) -> None:
        self.fate = FATES[(FATES.index(self.fate) + 1) % len(FATES)]
        self._rows.reset()
        self.paint()


def _target(packet: PacketView) -> PacketTarget:
    return PacketTarget(packet.name, packet.event)


def _said(packet: PacketView) -> str:
    """All that can be searched for in a packet."""
    way = f"{packet.name} {packet.rx} {packet.tx} {packet.connection} {packet.tcp_flags}"
    return f"{way} {packet.reason}".lower()
