"""What an item of a scenario does, line by line: a packet, a command, a jump of the clock."""

from __future__ import annotations

from aclbench.documents import shown
from aclbench.engine.main import AclMain
from aclbench.engine.packet import INFO_LENGTH_SHIFT, Packet, parse_ethernet
from aclbench.errors import AclbenchError, ScenarioError
from aclbench.lab.explore.scenario import Explored, Item
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.bench.sending import read_order
from aclbench.workbench.commands.lines import Lines
from aclbench.workbench.commands.reach import refuse_in_file
from aclbench.workbench.views.times import read_length


class SendPart:
    """A packet. `number` tells it from all other parts, from 1."""

    def __init__(self, number: int, text: str, interface: str, rx: int, frame: bytes) -> None:
        self.number = number
        self.text = text
        self.interface = interface
        self.rx = rx
        self.frame = frame
        self._read: dict[frozenset[int], Packet] = {}

    def packet(self, am: AclMain) -> Packet:
        """The packet as the machine reads it now."""
        headers = am.extension_headers
        packet = self._read.get(headers)
        if packet is None:
            read = (am.parse or parse_ethernet)(self.frame, headers, 0)
            info = read.info | len(self.frame) << INFO_LENGTH_SHIFT
            packet = self._read[headers] = read._replace(info=info)
        return packet

    def thread(self, am: AclMain) -> int:
        """The thread that handles it."""
        return am.thread_of(self.rx, self.packet(am).key)


class CliPart:
    """A command line."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text


class JumpPart:
    """The clock is set forward, by nanoseconds."""

    def __init__(self, number: int, text: str, by: int) -> None:
        self.number = number
        self.text = text
        self.by = by


Part = SendPart | CliPart | JumpPart


def parts_of(explored: Explored, bench: Bench, lines: Lines) -> tuple[tuple[Part, ...], ...]:
    """What each item does, read on a bench that is set up. ScenarioError names the line."""
    found: list[tuple[Part, ...]] = []
    number = 0
    for item in explored.items:
        parts: list[Part] = []
        for text in item.lines:
            number += 1
            try:
                parts.append(_part(item, number, text, bench, lines))
            except AclbenchError as error:
                where = f"{explored.scenario.place}: {item.kind}: {shown(text)}"
                raise ScenarioError(f"{where}: {error}") from None
        found.append(tuple(parts))
    return tuple(found)


def _part(item: Item, number: int, text: str, bench: Bench, lines: Lines) -> Part:
    if item.kind == "jump":
        return JumpPart(number, text, read_length(text))
    if item.kind == "cli":
        parsed = lines.table.parse(text, bench)
        if parsed is None or not parsed.command.changes:
            raise AclbenchError("no command that changes the bench")
        refuse_in_file(parsed.command, "a scenario's", names_captures=False)
        return CliPart(number, text)
    parsed = lines.table.parse(f"send {text}", bench)
    assert parsed is not None
    order = read_order(parsed)
    if order.count * len(order.frames) > 1:
        raise AclbenchError("one packet a line; say the line as often as it is to be sent")
    name = parsed.arguments["interface"].name
    return SendPart(number, text, name, bench.rig.interface_index(name), order.frames[0])
