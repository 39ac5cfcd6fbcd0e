"""The packets with the whole room: all of the run, or those that a filter lets through."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from textwrap import wrap
from typing import ClassVar, Final

from textual.binding import BindingType

from aclbench.errors import AclbenchError
from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Frame
from aclbench.tui.keys import Key, bindings
from aclbench.tui.packets.text import Columns, column_heads, packet_line
from aclbench.tui.palette import Palette
from aclbench.tui.place import FILTER, OPEN, SEARCH, Changed, RowsPlace
from aclbench.tui.player import Player
from aclbench.tui.targets import PacketTarget, Target
from aclbench.workbench.inquiry.filtering import filter_of, what_is_wrong
from aclbench.workbench.inquiry.packets import FoundPackets
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
#: What is looked at before the first painting of a filter, in seconds.
AT_ONCE_S: Final = 0.05


class PacketsPlace(RowsPlace[PacketView]):
    """Packets, oldest first; the cursor follows the newest until it is moved."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(
        OPEN,
        FILTER,
        SEARCH,
        Key("c", "follow", "Follow", "view.follow",
            "Show the packets of the connection that the cursor is on alone; Esc shows all again"),
    )  # fmt: skip
    ABOUT_SEARCH = (
        "A filter: host 10.0.0.2, net, port 80, tcp, flags S, reason TEXT, conn 7, denied; "
        "and, or, not. Empty: all packets."
    )

    def __init__(self, player: Player) -> None:
        super().__init__(player, "packets", lambda packet: packet.ordinal, _target, find=_find)
        self.fate = ""
        #: The filter that is left for a while, by the key that follows a connection.
        self._left: str | None = None
        self._found: FoundPackets | None = None
        self._found_in: object = None
        self._error = ""

    # --- looking -------------------------------------------------------------------------------

    def work(self, seconds: float) -> bool:
        """Look at more packets for so long."""
        found = self._at_hand()
        if found is None:
            return False
        wall = self.player.live.wall
        before, until = len(found), wall() + seconds
        more = found.look(self.player.bench)
        while more and wall() < until:
            more = found.look(self.player.bench)
        if len(found) != before or not more:
            self.paint()
        return more

    def _at_hand(self) -> FoundPackets | None:
        """What is found of the bench as it is now; anew where that is another or went back."""
        bench = self.player.bench
        history = bench.history
        place = id(bench), bench.moves, None if history is None else history.branch.name
        if self._error or (self._found is not None and self._found_in == place):
            return self._found
        try:
            wanted = filter_of(bench.rig, "packets", self._wanted())
        except AclbenchError as error:
            self._error, self._found = str(error), None
            return None
        self._found_in, self._found = place, FoundPackets(bench, wanted)
        return self._found

    def _wanted(self) -> str:
        """The filter as it is typed, and the fate that a key chose."""
        fate = self.fate.replace("_", "-")
        return f"{fate} and ({self.search})" if fate and self.search else fate or self.search

    def begin_anew(self) -> None:
        """What was found is not what is wanted any more."""
        self._found, self._error = None, ""

    def check_search(self, words: str) -> str | None:
        return what_is_wrong(self.player.bench, "packets", words)

    def search_for(self, words: str) -> None:
        super().search_for(words)
        self._left = None
        self.begin_anew()

    def action_filter(self) -> None:
        self.fate = FATES[(FATES.index(self.fate) + 1) % len(FATES)]
        self._rows.reset()
        self.begin_anew()
        self.post_message(Changed())

    def action_follow(self) -> None:
        packet = self._rows.current()
        if packet is None or not packet.conn:
            self.player.live.say("this packet is of no connection")
        else:
            before = self._wanted() if self._left is None else self._left
            self.fate = ""
            self.search_for(f"conn {packet.conn}")
            self._left = before
            self._rows.stand_on(packet.ordinal)
        self.post_message(Changed())

    def leave(self) -> bool:
        """Back to all packets from those of one connection."""
        if self._left is None:
            return False
        packet = self._rows.current()
        self.search_for(self._left)
        if packet is not None:
            self._rows.stand_on(packet.ordinal)
        return True

    def pick(self, target: Target) -> None:
        """The cursor to a packet."""
        if isinstance(target, PacketTarget):
            self._rows.stand_on(target.number)
        self.paint()

    # --- showing -------------------------------------------------------------------------------

    def draw(self, frame: Frame, width: int, height: int, palette: Palette) -> Drawing:
        found = self._at_hand()
        if found is not None:
            self._look_at_first(found, height)
        rows: Sequence[PacketView] = found if found is not None else ()
        wanted = self._wanted()
        about = f"{self._about(frame)}; / filters, f fates, c follows, Enter explains "
        lines = [heading(f" packets  {wanted or 'all'}", about, width, palette)]
        self._rows.show(rows, height - 2, lambda packet, number: [Line()])
        in_sight = [rows[number] for number in self._rows.in_sight]
        columns = Columns.of(in_sight, width, frame.clock)
        lines.append(column_heads(columns, width, palette))
        old = frame.snapshot.packets.read - frame.new_packets
        body = [
            packet_line(each, frame.clock, each.ordinal > old, columns, width, palette)
            for each in in_sight
        ]
        if self._error:
            body = [Line(f" {line}", palette.bad) for line in wrap(self._error, max(width - 1, 1))]
        elif not body:
            body = [Line(f" {self._nothing(frame, found)}", palette.dim)]
        return drawing(lines + body, height)

    def _look_at_first(self, found: FoundPackets, height: int) -> None:
        """Look at what is new, and, for the first painting, at enough to fill it."""
        bench, wall = self.player.bench, self.player.live.wall
        until = wall() + AT_ONCE_S
        while found.look_ahead(bench):
            pass
        while len(found) < height and found.look(bench) and wall() < until:
            pass

    def _about(self, frame: Frame) -> str:
        """How many there are, and of how many."""
        found, handled = self._found, frame.snapshot.packets.read
        if found is None:
            return f"of {handled:,}"
        looked_at = found.end - found.begin
        text = f"{len(found):,} of {looked_at:,}"
        return text if found.complete else f"{text}, {100 * looked_at // max(handled, 1)} %"

    def _nothing(self, frame: Frame, found: FoundPackets | None) -> str:
        if not frame.snapshot.packets.read:
            return "no packet yet: space plays, i sends one"
        if found is not None and not found.complete:
            return "looking ..."
        return "no such packet"


def _find(rows: Sequence[PacketView], ordinal: Hashable) -> int:
    """Where a packet stands, or the next one."""
    if isinstance(rows, FoundPackets) and isinstance(ordinal, int):
        return rows.position(ordinal)
    return 0


def _target(packet: PacketView) -> PacketTarget:
    return PacketTarget(packet.name, packet.ordinal)
