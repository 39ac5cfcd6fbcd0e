"""A design that keeps sessions in a place beside its lists: they are counted, shown, taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from designs.running import SET_UP
from engine.bench import udp_out
from tui.bench import player_of
from tui.looking import frame_of

from aclbench import Workbench
from aclbench.engine.design import FIFO_2017
from aclbench.engine.invariants import InvariantError
from aclbench.engine.places import SessionPlace
from aclbench.engine.sessions import Sessions
from aclbench.engine.timeouts import TIMEOUT_UDP_IDLE
from aclbench.engine.worker import Worker
from aclbench.tui.palette import Palette
from aclbench.tui.workers.panel import brief_line, panel_drawing

PARKED = len(FIFO_2017.lists)


class Parking(Sessions):
    """What is not TCP is parked, and never aged."""

    def conn_list_add_session(self, worker: Worker, session: Any, list_id: int, now: int) -> None:
        if list_id != TIMEOUT_UDP_IDLE:
            super().conn_list_add_session(worker, session, list_id, now)
            return
        session.link_list_id = PARKED
        worker.pool.columns[0][session.session_index] = 1
        worker.serviced_sw_if_index_bitmap |= 1 << session.sw_if_index


def parked(worker: Worker) -> tuple[int, ...]:
    return tuple(index for index, there in enumerate(worker.pool.columns[0]) if there)


PLACE = SessionPlace("parked", "what is not aged", parked)
DESIGN = replace(
    FIFO_2017, name="parking", sessions=Parking, places=(PLACE,), columns=("is parked",)
)


def bench() -> Workbench:
    made = Workbench(2, design=DESIGN)
    for line in SET_UP.strip().splitlines():
        made.cli(line)
    made.send("pg0", [udp_out(1000), udp_out(1001)])
    made.advance(5)
    return made


def test_they_are_counted_and_shown_at_the_prompt() -> None:
    made = bench()
    made.check_invariants()
    worker = made.snapshot().workers[1]
    assert [(place.name, place.length) for place in worker.places] == [("parked", 2)]
    assert made.cli("show acl-plugin sessions").count("parked: 2 sessions") == 1
    assert made.cli_data("show acl-plugin sessions")["workers"][1]["lists"]["parked"] == {
        "length": 2
    }
    assert "(parked)" in made.cli("story session 1/0")


def test_they_are_taken_back() -> None:
    made = bench()
    made.goto_packet(1)
    assert made.snapshot().workers[1].places[0].length == 1
    made.check_invariants()


def test_a_place_that_forgets_them_is_found_out() -> None:
    made = bench()
    made.rig.machine.am.workers[1].pool.columns[0][0] = 0
    with pytest.raises(InvariantError, match=r"slots \[0\] are neither on a list nor free"):
        made.check_invariants()


def test_they_are_on_the_screen() -> None:
    frame = frame_of(player_of(bench))
    worker = next(each for each in frame.snapshot.workers if each.thread_index == 1)
    shown = panel_drawing(frame, worker, 60, 30, Palette())
    assert any("parked 2" in line.plain for line in shown.lines)
    assert "parked 2" in brief_line(frame, worker, 120, Palette()).plain
