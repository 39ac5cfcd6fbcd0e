"""Work that is spread: jobs that can be done anywhere, and what does them, here or elsewhere."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, Self, TypeVar

from aclbench.workbench.tasks import Progress, Slices

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: What a job that is done adds to the progress.
WHOLE: Final = 1_000


class Job(Protocol[T_co]):
    """A piece of work that can be pickled. What comes of it does not depend on where it is done.

    `number` tells it from the others that are done with it; `name` says what it is, to a person.
    """

    @property
    def number(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""

    def moved(self, there: Mapping[Path, Path]) -> Self:
        """The same where some of its files are elsewhere."""

    @abstractmethod
    def slices(self, folder: Path) -> Slices[T_co]:
        """Do it. Its result has no path: what it writes is in the folder, by its number.

        AclbenchError names the job, and its files as `files` has them.
        """


class Runner(Protocol):
    """Does jobs, in any order, and puts what comes of each into a dictionary by its number.

    AclbenchError: one cannot be done. Who is stopped leaves what was done until then.
    """

    def __call__(self, jobs: Sequence[Job[T]], results: dict[int, T]) -> Slices[None]: ...


def here(folder: Path) -> Runner:
    """Does one job after the other, in this process; their files go into a folder."""

    def run(jobs: Sequence[Job[T]], results: dict[int, T]) -> Slices[None]:
        for job in jobs:
            slices = job.slices(folder)
            while True:
                try:
                    told = next(slices)
                except StopIteration as end:
                    results[job.number] = end.value
                    break
                yield progress(len(jobs), len(results), [part_done(told)])

    return run


def progress(jobs: int, done: int, under_way: Sequence[int]) -> Progress:
    """How far all of them are together; of those under way how much of `WHOLE`."""
    return Progress(WHOLE * done + sum(under_way), WHOLE * jobs, "of the work")


def part_done(told: Progress | None) -> int:
    """How far one is, of `WHOLE`."""
    return WHOLE * told.done // told.total if told is not None and told.total else 0
