"""Whoever asks has a rig of their own, and leaves none behind: answered or stopped half way."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from aclbench import Workbench
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.rig import Rig

QUESTIONS = (
    "explain 20",
    "explain pg0 udp 10.0.0.2:5353 > 192.168.0.2:53",
    "story session 2/0",
    "story list 2 tcp_idle",
    "story field cleaner wait_interval",
    "writers cleaner wait_interval",
    "diff start +1",
    "events",
)


@pytest.fixture
def rigs(monkeypatch: pytest.MonkeyPatch) -> Iterator[weakref.WeakSet[Rig]]:
    """The rigs that are made, and that somebody has; no cycle collector runs, as on the screen."""
    made: weakref.WeakSet[Rig] = weakref.WeakSet()
    make = Rig.__init__

    def note(rig: Rig, *how: object) -> None:
        make(rig, *how)  # type: ignore[arg-type]
        made.add(rig)

    monkeypatch.setattr(Rig, "__init__", note)
    gc.collect()
    gc.disable()
    yield made
    gc.enable()


@pytest.mark.parametrize("line", QUESTIONS)
def test_no_rig_is_left_behind(rigs: weakref.WeakSet[Rig], line: str) -> None:
    bench = Workbench.load(find_input("two-workers"))
    bench.advance(3)
    assert len(rigs) == 1
    for slices in (1, 12, 40, 100_000):
        task = bench.begin(line)
        for _ in range(slices):
            if task.work(0.0):
                break
        task.stop()
        del task
        assert len(rigs) == 1, slices


def test_a_bench_that_listens_to_itself_is_freed(rigs: weakref.WeakSet[Rig]) -> None:
    """By the cycle collector, which has to be able to."""
    bench = Workbench.load(find_input("two-workers"))
    bench.cli("trace add pg-input 5")
    bench.listeners.add(lambda event, bench=bench: None)
    bench.advance(1)
    del bench
    gc.collect()
    assert not len(rigs)
