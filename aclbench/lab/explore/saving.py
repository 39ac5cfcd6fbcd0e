"""A counterexample as a run file, which the screen opens at its start, to be stepped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aclbench.drivers.driver import CLOCK
from aclbench.engine.design import Design
from aclbench.errors import AclbenchError, CommandError
from aclbench.lab.explore.actors import ITEM
from aclbench.lab.explore.parts import CliPart, Part, SendPart, parts_of
from aclbench.lab.explore.scenario import Explored
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.lines import Lines
from aclbench.workbench.history.history import History
from aclbench.workbench.history.runfile import saving
from aclbench.workbench.rig.inputs import Cli, Inject, Steps
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.rig.setting_up import set_up
from aclbench.workbench.rig.start import Start
from aclbench.workbench.tasks import Slices


def saving_run(
    explored: Explored, choices: Sequence[int], path: Path, design: Design | None = None
) -> Slices[None]:
    """Write the run of these choices; it stands at its start. RunFileError: it cannot be."""
    history = yield from run_of(explored, choices, design)
    there = yield from history.at(history.branch.starts[0])
    yield from history.take(there).closing()
    yield from saving(history, path)


def refuse_buffers(explored: Explored) -> None:
    """AclbenchError: threads have store buffers, and those of no bench do."""
    if explored.memory != "sc":
        raise AclbenchError(
            "no bench holds stores back: what was found in total store order is told, not stepped"
        )


def run_of(
    explored: Explored, choices: Sequence[int], design: Design | None = None
) -> Slices[History]:
    """The run of these choices on a bench, with its history; it stands at its end.

    AclbenchError: it has store buffers, and no bench has.
    """
    refuse_buffers(explored)
    lines = Lines()
    rig = yield from set_up(explored.scenario, Start(), lines, design)
    items = parts_of(explored, Bench(rig, lines, keeps=False), lines)
    gone = [0] * len(items)
    history = yield from History.beginning(rig)
    for choice in choices:
        if choice >= ITEM:
            part = items[choice - ITEM][gone[choice - ITEM]]
            gone[choice - ITEM] += 1
            yield from _performing(history, rig, part)
        else:
            _step(history, rig, choice)
        yield None
    return history


def _performing(history: History, rig: Rig, part: Part) -> Slices[None]:
    """What an item does next."""
    driver = rig.stepped
    if isinstance(part, SendPart):
        sent = Inject(part.interface, rig.sent + 1, (part.frame,))
        yield from rig.performing(sent)
        history.note(sent)
        _step(history, rig, part.thread(rig.machine.am))
    elif isinstance(part, CliPart):
        try:
            done = yield from rig.changing(part.text)
        except CommandError:
            return  # refused, it changes nothing
        history.note(Cli(done.line))
    else:
        driver.now += part.by
        history.note(Steps(CLOCK, 0, driver.position, driver.now))


def _step(history: History, rig: Rig, actor: int) -> None:
    """A step of an actor; a walk takes them one by one."""
    driver = rig.stepped
    driver.step(actor)
    history.note(Steps(actor, 1, driver.position, driver.now))
