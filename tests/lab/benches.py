"""Comparisons of bundled captures and scenarios, and the same the slow way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.lab.axes import Axis, read_axis
from aclbench.lab.comparing import Case, Compared, cases_of, compared
from aclbench.lab.jobs import Runner, here
from aclbench.lab.running import Ran
from aclbench.workbench.budget import OPENING_LIMITS
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario import InterfaceSpec, Scenario, scenario_for_capture
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.tasks import finish
from aclbench.workbench.workbench import Workbench

INSIDE = InterfaceSpec("pg0", prefixes=("10.0.0.0/24", "fd00:1::/64"))


def scenario_of(name: str) -> Scenario:
    """A bundled scenario, or the bench of a bundled capture that comes alone."""
    path = find_input(name)
    if path.suffix == ".toml":
        return load_scenario(path)
    return scenario_for_capture([path], INSIDE, "as tests have it", 1, "interface")


def axes_of(*varied: str) -> list[Axis]:
    return [read_axis(text) for text in varied]


def compare(
    folder: Path,
    name: str,
    *varied: str,
    most: int = 100_000,
    runner: Runner | None = None,
) -> list[Compared]:
    """Every combination on the packets of one scenario."""
    cases = cases_of([scenario_of(name)], axes_of(*varied))
    return compare_cases(folder, cases, most, runner)


def compare_cases(
    folder: Path, cases: Sequence[Case], most: int = 100_000, runner: Runner | None = None
) -> list[Compared]:
    results: dict[int, Ran] = {}
    run = runner or here(folder)
    finish(run([case.job(OPENING_LIMITS) for case in cases], results))
    return finish(compared(cases, results, most, here(folder)))


def told(scenario: Scenario) -> tuple[Workbench, list[TraceEvent]]:
    """A bench that has played all, and every event of it."""
    bench = Workbench.from_scenario(scenario, history=False)
    events: list[TraceEvent] = []
    bench.listeners.add(events.append)
    bench.play()
    return bench, events


def verdicts(events: Sequence[TraceEvent]) -> list[PacketVerdict]:
    return [event for event in events if isinstance(event, PacketVerdict)]


def without_cpu(found: Sequence[Compared]) -> list[object]:
    """What must not depend on where it was run."""
    return [
        (each.case, replace(each.ran.figures, cpu_s=0.0), each.ran.notes, each.notice)
        for each in found
    ]
