"""A design with a class that VPP has not: it has a list and a timeout, by its own name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from designs.running import Run, all_ways
from tui.bench import player_of
from tui.looking import frame_of

from aclbench import CommandError, Workbench
from aclbench.engine.design import FIFO_2017
from aclbench.engine.packet import PROTO_TCP, TCP_ACK
from aclbench.engine.session import Classes
from aclbench.engine.timeouts import TIMEOUT_CLASSES, TimeoutClass
from aclbench.tui.palette import Palette
from aclbench.tui.plot.text import all_series
from aclbench.tui.workers.panel import brief_line, panel_drawing
from aclbench.workbench.rig.configuration import configuration_lines

OPENED = 3


class Opened(Classes):
    """Of the connections that are opening, those with an answer are a class of their own."""

    def timeout_type_of(self, proto: int, seen_in: int, seen_out: int) -> int:
        found = super().timeout_type_of(proto, seen_in, seen_out)
        answered = proto == PROTO_TCP and (seen_in | seen_out) & TCP_ACK
        return OPENED if answered and TIMEOUT_CLASSES[found].name == "tcp_transient" else found


OPENED_CLASS = TimeoutClass("tcp_opened", "TCP that was answered", 30)
DESIGN = replace(
    FIFO_2017,
    name="opened",
    classes=Opened,
    timeout_classes=(*TIMEOUT_CLASSES, OPENED_CLASS),
    lists=(*FIFO_2017.lists, "tcp_opened"),
)
LINE = "set acl-plugin session timeout tcp_opened 7"


@pytest.mark.parametrize("run", all_ways(DESIGN))
def test_it_is_a_class_however_it_is_run(run: Run) -> None:
    assert run()["tcp_opened"] == 1


def test_its_timeout_is_set_at_the_prompt() -> None:
    """By its name; VPP's keep their words, and both are in a file of commands."""
    bench = Workbench(design=DESIGN)
    offered = [c.text for c in bench.lines.table.complete("set acl-plugin session timeout ", bench)]
    assert offered == ["tcp", "udp", "tcp_opened"]
    bench.cli(LINE)
    bench.cli("set acl-plugin session timeout tcp transient 8")
    assert bench.snapshot().session_timeout[2:] == (8_000_000_000, 7_000_000_000)
    lines = list(configuration_lines(bench.rig))
    assert LINE in lines
    assert "set acl-plugin session timeout tcp transient 8" in lines
    with pytest.raises(CommandError, match="tcp_opened"):
        Workbench().cli(LINE)


def test_the_screen_offers_it() -> None:
    snapshot = frame_of(player_of(lambda: Workbench(design=DESIGN))).snapshot
    assert snapshot.class_words == ("udp idle", "tcp idle", "tcp transient", "tcp_opened")
    assert snapshot.class_abouts[OPENED] == OPENED_CLASS.what
    assert snapshot.session_timeout[OPENED] == 30_000_000_000


def test_its_list_is_drawn() -> None:
    frame = frame_of(player_of(lambda: Workbench(design=DESIGN)))
    drawn = panel_drawing(frame, frame.snapshot.workers[0], 80, 40, Palette())
    assert any("tcp_opened" in line.plain for line in drawn.lines)
    assert "tcp_opened 0" in brief_line(frame, frame.snapshot.workers[0], 120, Palette()).plain
    assert frame.timeline is not None
    names = frame.snapshot.list_names
    assert "tcp_opened" in [each.name for each in all_series(frame.timeline, names, Palette())]
