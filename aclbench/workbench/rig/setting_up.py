"""From a scenario to a rig: its interfaces and lines are run, its captures opened."""

from __future__ import annotations

from contextlib import closing
from typing import Final, Protocol

from aclbench.capture.stream import awaiting_header
from aclbench.designs import design_named
from aclbench.documents import shown
from aclbench.engine.design import Design
from aclbench.errors import AclbenchError, CommandError, ScenarioError
from aclbench.workbench.budget import COMMAND_WORK, Budget, BudgetError, Limits
from aclbench.workbench.rig.rig import CommandResult, Rig
from aclbench.workbench.rig.scenario import Scenario, TimedLine
from aclbench.workbench.rig.start import Start
from aclbench.workbench.rig.steering import make_steering
from aclbench.workbench.tasks import Pace, Progress, Slices
from aclbench.workbench.views.times import read_moment

NS_PER_S: Final = 1_000_000_000


class SetUpLines(Protocol):
    """What performs the lines of a scenario: see `commands.lines`."""

    limits: Limits

    def performing(self, rig: Rig, line: str) -> Slices[CommandResult]:
        """Run a line that changes a rig, and nothing else."""

    def setting_up(self, rig: Rig, line: str) -> Slices[None]:
        """Run any line that reaches no file, and what is left to do at that instant."""


def set_up(
    scenario: Scenario,
    start: Start,
    lines: SetUpLines,
    design: Design | None = None,
    key: str = "cli",
) -> Slices[Rig]:
    """A rig with a scenario's lines run and its captures ready to play.

    `start` has what the scenario does not say: order, seed, driver and so on. `design` takes the
    place of the scenario's own. ScenarioError names the line that is refused, which stands at
    `key` in its file; BudgetError: the lines make more work than `lines.limits` allow.
    """
    budget = Budget(*lines.limits)
    start = start._replace(
        workers=scenario.workers,
        placement=scenario.placement,
        design=design_named(scenario.design) if design is None else design,
    )
    try:
        return (yield from _set_up(scenario, start, lines, budget, key))
    except BudgetError as error:
        raise type(error)(f"{scenario.place}: {error}") from None


def _set_up(
    scenario: Scenario, start: Start, lines: SetUpLines, budget: Budget, key: str
) -> Slices[Rig]:
    rig = yield from _with_lines(scenario, start, lines, budget, key)
    if scenario.captures:
        # Merged, all are read from the start; else each once the one before has ended.
        for path in scenario.captures if scenario.rx else scenario.captures[:1]:
            yield from awaiting_header(path)
        steering = make_steering(scenario, rig.machine.am)
        rig.open_captures(scenario.captures, steering, by_time=bool(scenario.rx))
    timed_lines = yield from _by_time(scenario, rig)
    rig.timed = yield from _rehearsed(scenario, start, lines, budget, timed_lines)
    return rig


def _by_time(scenario: Scenario, rig: Rig) -> Slices[list[tuple[int, TimedLine]]]:
    """The scenario's lines for a time in order, with the time from its start (ns)."""
    found: list[tuple[int, TimedLine]] = []
    for timed in scenario.at:
        try:
            instant = yield from rig.finding_time(read_moment(timed.time))
        except AclbenchError as error:
            raise ScenarioError(f"{scenario.place}: at, time: {error}") from None
        found.append((instant.ns - rig.started, timed))
    return sorted(found, key=lambda each: each[0])


def _with_lines(
    scenario: Scenario, start: Start, lines: SetUpLines, budget: Budget, key: str = "cli"
) -> Slices[Rig]:
    """A rig on which the scenario's lines have been run."""
    rig = Rig(start, lines.performing)
    for line in scenario.set_up_lines():
        try:
            yield from _line(rig, line, lines, budget)
        except CommandError as error:
            raise ScenarioError(f"{scenario.place}: interface: {error}") from None
    where = f"{key}, line" if scenario.interfaces else "line"  # those of a file by itself
    for number, line in enumerate(scenario.cli, 1):
        try:
            with closing(_line(rig, line, lines, budget)) as slices:
                for _ in slices:
                    at = (rig.now - rig.started) // NS_PER_S
                    yield Progress(number, len(scenario.cli), f"lines, at {at:,} s")
        except CommandError as error:
            raise ScenarioError(
                f"{scenario.place}: {where} {number}: {shown(line.strip())}: {error}"
            ) from None
    yield from budget.spend_on(lambda: rig, _coming_to_rest(rig), "coming to rest")
    rig.scenario = scenario
    rig.started = rig.now
    return rig


def _line(rig: Rig, line: str, lines: SetUpLines, budget: Budget) -> Slices[None]:
    """Run a line within the budget."""
    what = f"`{line.strip()[:80]}`"
    budget.spend(COMMAND_WORK, what)
    yield from budget.spend_on(lambda: rig, lines.setting_up(rig, line), what)


def _coming_to_rest(rig: Rig) -> Slices[None]:
    """A clear is under way, or steps were taken by hand: run on until that is over."""
    while not rig.driver.at_rest():
        rig.driver.run_until(rig.driver.next_time())
        yield None


def _rehearsed(
    scenario: Scenario,
    start: Start,
    lines: SetUpLines,
    budget: Budget,
    timed_lines: list[tuple[int, TimedLine]],
) -> Slices[tuple[tuple[int, str], ...]]:
    """The scenario's lines for a time, in order, with the time (ns).

    They are tried on a rig of their own, without packets; ScenarioError names one refused.
    """
    if not timed_lines:
        return ()
    plain = Start(start.workers, start.placement, design=start.design)
    rig = yield from _with_lines(scenario, plain, lines, budget)
    done: list[tuple[int, str]] = []
    for since_start, timed in timed_lines:
        time_ns = rig.started + since_start
        yield from budget.spend_on(
            lambda: rig, _run_until(rig, time_ns), f"the way to {timed.time}"
        )
        budget.spend(COMMAND_WORK, "lines for a time")
        try:
            if (yield from rig.changing(timed.line)).line:
                rig.driver.run_until(rig.now)
                done.append((time_ns, timed.line))
        except CommandError as error:
            raise ScenarioError(
                f"{scenario.place}: at {timed.time}: {shown(timed.line.strip())}: {error}"
            ) from None
    return tuple(done)


def _run_until(rig: Rig, time_ns: int) -> Slices[None]:
    """Run a rig that nobody has but us."""
    driver, pace = rig.stepped, Pace()
    arrived = False
    while not arrived:
        with pace.slice():
            arrived = driver.run_until(time_ns, pace.size, pace.size)
        yield None
