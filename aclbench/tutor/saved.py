"""What is kept of a lesson, in JSON: how each step was done, and all that is needed to go on."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from aclbench.tutor.journals import Work
from aclbench.tutor.outcomes import Prediction
from aclbench.workbench.rig.inputs import Op

STATE_VERSION: Final = 2


class SavedWork(Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """How a step was done: its beginning, and the inputs up to where it was done.

    Of a beginning that the inputs have as well, only how many they are.
    """

    begin: int | tuple[Op, ...]
    inputs: tuple[Op, ...]

    def __post_init__(self) -> None:
        if isinstance(self.begin, int) and not 0 <= self.begin <= len(self.inputs):
            raise ValueError("a beginning behind its end")

    @property
    def work(self) -> Work:
        """The same, whole."""
        begin = self.inputs[: self.begin] if isinstance(self.begin, int) else self.begin
        return Work(begin, self.inputs)


def saved_work(work: Work) -> SavedWork:
    """What is kept of how a step was done."""
    return SavedWork(len(work.begin) if work.goes_on else work.begin, work.inputs)


class SavedRun(Struct, forbid_unknown_fields=True, frozen=True):
    """A lesson under way: what `LessonRun` needs to go on later.

    `begin` has the inputs up to the beginning of the step, `inputs` those up to where the bench
    stood. `hints` are how many were shown of each step.
    """

    version: int
    lesson: str
    digest: str
    step: int
    done: tuple[int, ...]
    finished: bool
    hints: dict[int, int]
    predictions: tuple[Prediction, ...]
    works: dict[int, SavedWork]
    begin: tuple[Op, ...]
    inputs: tuple[Op, ...]
