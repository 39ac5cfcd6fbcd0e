"""From a run file to a history: every input is performed once, and there are checkpoints again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from aclbench.errors import AclbenchError, RunFileError
from aclbench.workbench.budget import COMMAND_WORK, Budget
from aclbench.workbench.history.history import History
from aclbench.workbench.history.marks import mark_of
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.history.runfile import Recorded, RunFileReader
from aclbench.workbench.rig.inputs import Point, Run
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.rig.setting_up import SetUpLines, set_up
from aclbench.workbench.tasks import Slices


def load_run(path: Path, lines: SetUpLines) -> Slices[History]:
    """The history of a run file; its rig stands where it was saved. RunFileError."""
    with closing(RunFileReader(path)) as reader:
        return (yield from _load(reader, lines))


def _load(reader: RunFileReader, lines: SetUpLines) -> Slices[History]:
    start, scenario = yield from reader.header()
    try:
        if scenario is None:
            rig = Rig(start, lines.performing)
        else:
            rig = yield from set_up(scenario, start, lines)
    except RunFileError:
        raise
    except AclbenchError as error:
        raise reader.error(1, str(error)) from None
    history = yield from History.beginning(rig)
    recorded = yield from reader.branches(history.cursor)
    yield from _perform_all(history, recorded, reader, Budget(*lines.limits))
    return history


def _perform_all(
    history: History, recorded: Recorded, reader: RunFileReader, budget: Budget
) -> Slices[None]:
    """Perform all branches, each from where it leaves its parent; then stand where it was saved."""
    begin, marks = history.branch.saved[0], history.branch.marks
    history.branches.clear()
    history.branches.update(recorded.branches)
    forks: dict[str, set[int]] = {name: set() for name in recorded.branches}
    for branch in recorded.branches.values():
        if branch.parent:
            forks[branch.parent].add(branch.shared_with(recorded.branches[branch.parent]))
    forks[recorded.current.name].add(recorded.at.op)
    here = history.here
    for branch in recorded.branches.values():
        if not branch.parent:
            branch.saved, branch.marks = [begin], marks
            here.branch, first = branch, 0
        else:
            parent = recorded.branches[branch.parent]
            first = branch.shared_with(parent)
            fork = branch.starts[first]
            branch.saved = [saved for saved in parent.saved if saved.point <= fork]
            here = yield from history.at(fork, branch)
            branch.marks = parent.marks.up_to(fork.time, here.rig.events_so_far())
            branch.packets = parent.packets.up_to(fork.position.packets)
        performing = _perform(history, here, first, forks[branch.name], budget)
        try:
            budget.spend(COMMAND_WORK, "branches")
            yield from performing
        except AclbenchError as error:
            what = branch.ops[min(here.cursor.op, len(branch.ops) - 1)] if branch.ops else branch
            raise reader.error(recorded.lines.get(id(what), 1), str(error)) from None
    there = yield from history.at(recorded.at, recorded.current)
    yield from history.take(there).closing()


def _perform(
    history: History, here: Replay, first: int, wanted: set[int], budget: Budget
) -> Slices[None]:
    """Perform a branch's own inputs; checkpoints are taken as a run goes, and where wanted.

    That is before the inputs of these numbers, or behind the last. Without one there, what a fork
    shares with its parent would be performed again.
    """
    branch, rig = here.branch, here.rig
    rig.keep_packets()
    history.checkpoints.moved_to(here.position)
    for index in range(first, len(branch.ops)):
        here.cursor = branch.starts[index]
        if index in wanted and rig.can_be_packed():
            yield from history.checkpoints.save(here)
        op = branch.ops[index]
        budget.spend(COMMAND_WORK, "inputs")
        performing = _perform_one(history, here, index)
        yield from budget.spend_on(lambda: rig, performing, f"its branch {branch.name}")
        here.cursor = branch.starts[index + 1]
        history.checkpoints.note(op, here.position)
        yield from _look(history, here)
    if len(branch.ops) in wanted and rig.can_be_packed():
        yield from history.checkpoints.save(here)
    here.cursor = branch.open_end


def _perform_one(history: History, here: Replay, index: int) -> Slices[None]:
    """Perform one input."""
    rig, op = here.rig, here.branch.ops[index]
    if isinstance(op, Run):
        for _ in history.run_in_chunks(here, op):
            here.cursor = Point(index, here.position, rig.now)
            history.checkpoints.note(Run(here.position, rig.now), here.position)
            yield from _look(history, here)
    yield from rig.performing(op)


def _look(history: History, here: Replay) -> Slices[None]:
    """Mark how things stand, and take a checkpoint if enough was done."""
    here.note_packets()
    here.branch.marks.add(mark_of(here.rig.machine.am, here.rig.now))
    if history.checkpoints.are_due(here.rig):
        yield from history.checkpoints.save(here)
    yield None
