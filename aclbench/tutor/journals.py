"""A step's beginning as the inputs that led to it: what a bench is brought back by, and kept as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aclbench.tutor.lesson import LessonError
from aclbench.tutor.running import refuse_forbidden
from aclbench.workbench.budget import COMMAND_WORK, Budget
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.rig.inputs import (
    Cli,
    Inject,
    Op,
    Point,
    Run,
    Steps,
)
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench

#: The latest time of a run that anybody did: two hundred years.
LATEST_NS: Final = 200 * 366 * 86400 * 10**9


@dataclass(frozen=True, slots=True)
class Work:
    """How a step was done: the inputs up to its beginning, and those up to where it was done."""

    begin: tuple[Op, ...]
    inputs: tuple[Op, ...]

    @property
    def goes_on(self) -> bool:
        """Whether the inputs begin with those of the beginning: nobody went back behind it."""
        return self.inputs[: len(self.begin)] == self.begin


def inputs_so_far(bench: Workbench) -> tuple[Op, ...]:
    """The inputs that lead from the bench's start to where it stands now."""
    history = bench.past
    return tuple(history.branch.inputs_to(history.cursor))


def common_point(branch: Branch, inputs: Sequence[Op]) -> Point:
    """The place on a branch up to which it has these inputs: their end, or where it left them."""
    for index, theirs in enumerate(inputs):
        if index == len(branch.ops):
            return branch.end
        ours = branch.ops[index]
        if ours == theirs:
            continue
        if not (_goes_on_alike(ours, theirs)):
            return branch.starts[index]
        assert isinstance(ours, Run | Steps)
        assert isinstance(theirs, Run | Steps)
        if (ours.position, ours.time) < (theirs.position, theirs.time):
            return branch.starts[index + 1]
        return Point(index, theirs.position, theirs.time)
    return branch.starts[len(inputs)]


def _goes_on_alike(ours: Op, theirs: Op) -> bool:
    """Two runs begin alike, and two stretches of steps of one actor do; their ends may differ."""
    if isinstance(ours, Steps) and isinstance(theirs, Steps):
        return ours.actor == theirs.actor
    return isinstance(ours, Run) and isinstance(theirs, Run)


def performing_inputs(
    bench: Workbench, inputs: Sequence[Op], budget: Budget | None = None
) -> Slices[None]:
    """Do inputs again on a bench at its start; they are its history then. Raises AclbenchError.

    With a budget they may be anybody's: they reach no file, and end. Raises BudgetError.
    """
    for op in inputs:
        if budget is None:
            yield from bench.transport.performing(op)
        else:
            _refuse_impossible(bench, op, budget)
            performing = bench.transport.performing(op)
            yield from budget.spend_on(lambda: bench.rig, performing, _named(op))
        yield None


def _refuse_impossible(bench: Workbench, op: Op, budget: Budget) -> None:
    """Refuse an input that no bench ever noted. Raises LessonError."""
    budget.spend(COMMAND_WORK, "its inputs")
    if isinstance(op, Cli):
        refuse_forbidden(bench, op.line, budget)
    elif isinstance(op, Run | Steps) and not 0 <= op.time <= LATEST_NS:
        raise LessonError("its journal has a time that no run comes to")
    elif isinstance(op, Inject) and op.first != bench.rig.sent + 1:
        raise LessonError("its journal has packets out of order")


def _named(op: Op) -> str:
    """An input as messages name it."""
    if isinstance(op, Cli):
        return f"`{op.line.strip()[:80]}`"
    return {Inject: "packets sent", Run: "runs", Steps: "steps by hand"}[type(op)]
