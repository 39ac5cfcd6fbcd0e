"""What the tests of drawings share: frames of small benches, and what holds for every drawing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any, Final

from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.drawing import Drawing, Line, drawing
from aclbench.tui.frame import Frame, Wanted
from aclbench.tui.palette import Palette
from aclbench.tui.player import Player
from aclbench.tui.timeline.text import columns_of
from aclbench.workbench.views.snapshot import Snapshot, WorkerView
from aclbench.workbench.workbench import Workbench
from tui.bench import busy_bench, frame, make_bench, opening, player_of

PLAIN = Palette()
WIDTHS = st.integers(40, 220)
HEIGHTS = st.one_of(st.integers(1, 9), st.integers(1, 70))
COUNTS = st.sampled_from((0, 1, 9, 1_234, 9_999, 12_345, 999_999, 1_234_567, 10**9))

#: A property of a drawing is looked at with so many examples.
few = examples(40)
at_any_size = given(width=WIDTHS, height=HEIGHTS)


def assert_fits(shown: Drawing, width: int, height: int) -> None:
    """No line is too wide, there are not too many, and spots lie inside their lines."""
    assert len(shown.lines) <= height
    for line in shown.lines:
        assert "\n" not in line.plain
        assert len(line) <= width, line.plain
        assert line.text.cell_len <= width, line.plain
        for start, end, _ in line.spots:
            assert 0 <= start < end <= len(line), line.plain


def assert_line_fits(line: Line, width: int) -> None:
    assert_fits(drawing([line]), width, 1)


def command(player: Player, line: str) -> str:
    """Run a command line to its end; returns what it prints. Raises AclbenchError."""
    task = player.run_line(line)
    while not task.is_over:
        player.tick(0.0)
    if task.error is not None:
        raise task.error
    return task.result


def frame_of(player: Player, rows: int = 40, columns: int = 74) -> Frame:
    """A frame with room for all that a small bench has."""
    return player.frame(Wanted(player.live.threads, rows, 300, 300, columns))


def changed_frame() -> Frame:
    """The frame after one turn of the cleaner, compared with what was before."""
    player = player_of(busy_bench, "a title")
    frame_of(player)
    player.travel.step(whole_turn=True)
    return frame_of(player)


def clearing_frame() -> Frame:
    """A clear has been asked for, and workers are at it."""
    player = player_of(busy_bench, "a title")
    frame_of(player)
    command(player, "clear acl-plugin sessions")
    return frame_of(player)


def old_frame() -> Frame:
    """A run that saw every session expire, and is looked at in its past."""
    player = player_of(busy_bench, "a title")
    player.travel.to_time(player.bench.now + 30_000_000_000)
    while player.underway.task is not None:  # on a busy machine it takes longer than a tick
        player.tick(0.0)
    player.travel.to_time(player.bench.now - 26_000_000_000)
    return frame_of(player)


def odd_frame() -> Frame:
    """Packets of all sorts, under a title that is too long."""
    player = player_of(odd_bench, "a title of very many words that go on and on " * 3)
    return frame_of(player)


def odd_bench() -> Workbench:
    """The busy bench, then ICMP, a protocol without ports, a packet cut short, and no IP."""
    bench = busy_bench()
    bench.send("pg0", frame("10.0.0.4", "192.168.0.3", 1, 8, 0))
    bench.send("pg0", frame("10.0.0.4", "192.168.0.3", 47, 8, 0))
    bench.send("pg0", opening()[0][1][:20])
    bench.send("pg0", bytes(12) + b"\x08\x06" + bytes(28))
    return bench


_MAKERS: Final = {
    "nothing": lambda: frame_of(player_of(make_bench, "")),
    "busy": lambda: frame_of(player_of(busy_bench, "a title")),
    "changed": changed_frame,
    "clearing": clearing_frame,
    "past": old_frame,
    "odd": odd_frame,
}


@cache
def frame_named(name: str) -> Frame:
    """One of a few frames, made once."""
    return _MAKERS[name]()


FRAME_NAMES = st.sampled_from(tuple(_MAKERS))


@cache
def player_named(name: str) -> Player:
    """A player that is only looked at."""
    return player_of({"nothing": make_bench, "busy": busy_bench, "odd": odd_bench}[name], "a title")


@cache
def frame_in_columns(width: int) -> Frame:
    """The busy frame with a timeline that a screen of that width has room for."""
    player = player_named("busy")
    return replace(frame_named("busy"), timeline=player.timeline(columns_of(width)))


def with_workers(frame: Frame, **values: Any) -> Frame:
    """The frame, with these values in every worker."""
    workers = tuple(replace(w, **values) for w in frame.snapshot.workers)
    return with_snapshot(frame, workers=workers)


def with_snapshot(frame: Frame, **values: Any) -> Frame:
    return replace(frame, snapshot=replace(frame.snapshot, **values))


def with_cleaner(frame: Frame, **values: Any) -> Frame:
    return with_snapshot(frame, cleaner=replace(frame.snapshot.cleaner, **values))


def with_lengths(snapshot: Snapshot, length: int) -> tuple[WorkerView, ...]:
    """The workers, each of whose lists is said to have so many sessions more than are shown."""
    return tuple(
        replace(w, lists=tuple(replace(v, length=len(v.sessions) + length) for v in w.lists))
        for w in snapshot.workers
    )
