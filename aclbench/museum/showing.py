"""Runs an exhibit that a plain run shows, with its fault or without, and looks at what came."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from aclbench.designs.exhibit import Exhibit, Plain
from aclbench.tutor.running import Ran
from aclbench.tutor.since import Since
from aclbench.tutor.vocabulary import read_condition, read_text
from aclbench.tutor.world import BenchWorld
from aclbench.workbench.rig.scenario import Scenario
from aclbench.workbench.rig.scenario_file import read_scenario
from aclbench.workbench.rig.start import Start
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench, setting_up


@dataclass(frozen=True, slots=True)
class Shown:
    """What a run of an exhibit showed: the lines with what they printed, and what is to be seen."""

    design: str
    ran: tuple[Ran, ...]
    seen: tuple[str, ...]
    #: Whether what the fault breaks holds.
    holds: bool

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        lines = [{"line": line, "output": output} for line, output in self.ran]
        return {"design": self.design, "lines": lines, "seen": self.seen, "holds": self.holds}


def scenario_of(exhibit: Exhibit, fixed: bool = False) -> Scenario:
    """The bench of an exhibit that a plain run shows, with its fault or without."""
    made = read_scenario(exhibit.scenario.encode(), Path(exhibit.name))
    design = exhibit.fixed if fixed else exhibit.design
    return replace(made, design=design.name, place=f"the exhibit {exhibit.name}")


def lines_of(plain: Plain) -> tuple[str, ...]:
    """What is typed, line by line."""
    return tuple(line.strip() for line in plain.lines.strip().splitlines())


def showing(exhibit: Exhibit, plain: Plain, fixed: bool) -> Slices[Shown]:
    """Run an exhibit, and look."""
    texts = [read_text(text) for text in plain.shows]
    holds = read_condition(plain.holds)
    bench = yield from setting_up(Workbench, scenario_of(exhibit, fixed), Start())
    since = Since(bench)
    since.begin(holds.kinds.union(*(text.kinds for text in texts)))
    ran = yield from _typing(bench, plain)
    world = BenchWorld(bench, since)
    seen = tuple(text.fill(world) for text in texts)
    shown = Shown(bench.rig.machine.design.name, ran, seen, holds.holds(world))
    since.close()
    return shown


def showing_on_screen(exhibit: Exhibit, plain: Plain) -> Slices[Workbench]:
    """A bench at the start of an exhibit's run, which lies ahead of it."""
    bench = yield from setting_up(Workbench, scenario_of(exhibit), Start())
    yield from _typing(bench, plain)
    history = bench.past
    yield from bench.travel.moving(history.at(history.branch.starts[0]))
    return bench


def _typing(bench: Workbench, plain: Plain) -> Slices[tuple[Ran, ...]]:
    ran = []
    for line in lines_of(plain):
        ran.append(Ran(line, (yield from bench.lines.slices(bench, line))))
        yield None
    return tuple(ran)
