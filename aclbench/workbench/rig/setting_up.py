"""From a scenario to a rig: its interfaces and lines are run, its captures opened."""

from __future__ import annotations

from contextlib import suppress

from aclbench.designs import design_named
from aclbench.errors import AclbenchError, CommandError, ScenarioError
from aclbench.workbench.rig.rig import ChangesNothing, PerformLine, Rig
from aclbench.workbench.rig.scenario import Scenario, TimedLine
from aclbench.workbench.rig.start import Start
from aclbench.workbench.rig.steering import make_steering
from aclbench.workbench.views.times import seconds_to_ns


def set_up(scenario: Scenario, start: Start, perform_line: PerformLine) -> Rig:
    """A rig with a scenario's lines run and its captures ready to play.

    `start` has what the scenario does not say: order, seed, driver and so on. ScenarioError names
    the line that is refused.
    """
    start = start._replace(
        workers=scenario.workers,
        placement=scenario.placement,
        design=design_named(scenario.design),
    )
    rig = _with_lines(scenario, start, perform_line)
    rig.timed = _rehearsed(scenario, start, perform_line)
    if scenario.captures:
        steering = make_steering(scenario, rig.machine.am)
        rig.open_captures(scenario.captures, steering, by_time=bool(scenario.rx))
    return rig


def _with_lines(scenario: Scenario, start: Start, perform_line: PerformLine) -> Rig:
    """A rig on which the scenario's lines have been run."""
    rig = Rig(start, perform_line)
    for line in scenario.set_up_lines():
        try:
            _run_line(rig, line)
        except CommandError as error:
            raise ScenarioError(f"{scenario.place}: interface: {error}") from None
    lines = "cli, line" if scenario.interfaces else "line"  # those of a file by itself
    for number, line in enumerate(scenario.cli, 1):
        try:
            _run_line(rig, line)
        except CommandError as error:
            raise ScenarioError(
                f"{scenario.place}: {lines} {number}: {line.strip()}: {error}"
            ) from None
    rig.scenario = scenario
    rig.started = rig.now
    return rig


def _run_line(rig: Rig, line: str) -> None:
    """Run a line, and what is left to do at this instant; one that only shows does no harm."""
    with suppress(ChangesNothing):
        rig.change(line)
        rig.driver.run_until(rig.now)


def _rehearsed(
    scenario: Scenario, start: Start, perform_line: PerformLine
) -> tuple[tuple[int, str], ...]:
    """The scenario's lines for a time, in order, with the time (ns).

    They are tried on a rig of their own, without packets; ScenarioError names one refused.
    """
    if not scenario.at:
        return ()
    rig = _with_lines(
        scenario, Start(start.workers, start.placement, design=start.design), perform_line
    )
    lines: list[tuple[int, TimedLine]] = []
    for timed in scenario.at:
        try:
            lines.append((rig.now + seconds_to_ns(timed.time), timed))
        except AclbenchError as error:
            raise ScenarioError(f"{scenario.place}: at, time: {error}") from None
    lines.sort(key=lambda line: line[0])
    done: list[tuple[int, str]] = []
    for time_ns, timed in lines:
        rig.driver.run_until(time_ns)
        try:
            if rig.change(timed.line).line:
                rig.driver.run_until(rig.now)
                done.append((time_ns, timed.line))
        except CommandError as error:
            raise ScenarioError(
                f"{scenario.place}: at {timed.time}: {timed.line.strip()}: {error}"
            ) from None
    return tuple(done)
