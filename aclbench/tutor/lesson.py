"""What a lesson is: frozen values, as `reading` makes them of a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aclbench.errors import AclbenchError
from aclbench.expressions import Expression, Filled
from aclbench.workbench.rig.scenario import Placement

#: Command lines, in order.
Lines = tuple[str, ...]
#: What a reader calls the kinds of steps, with its article.
KIND_WORDS: Final = {
    "read": "a reading",
    "predict": "a prediction",
    "task": "a task",
    "experiment": "an experiment",
}


class LessonError(AclbenchError):
    """A lesson that cannot be read or run; names the file, the step and the key."""


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """A packet-generator stream: packets of a capture that enter `source` once it is enabled.

    `limit` is how many of them, None all there are.
    """

    name: str
    pcap: Path
    source: str
    limit: int | None = None

    @property
    def line(self) -> str:
        """The command that makes it."""
        limit = "" if self.limit is None else f" limit {self.limit}"
        return (
            f'packet-generator new {{ name {self.name}{limit} pcap "{self.pcap}" '
            f"source {self.source} }}"
        )


@dataclass(frozen=True, slots=True)
class BenchSpec:
    """A bench that a lesson describes itself."""

    workers: int
    placement: Placement
    design: str
    cli: Lines
    streams: tuple[StreamSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """An answer that can be chosen, and when it is the right one."""

    label: str
    when: Expression


@dataclass(frozen=True, slots=True)
class Hint:
    """Help, and perhaps command lines to try."""

    text: str
    run: Lines


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a goal, and what to say while it is not true."""

    when: Expression
    missing: Filled


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Lines that do not reach the goal, and what the message about it says."""

    run: Lines
    says: str


@dataclass(frozen=True, slots=True)
class Step:
    """What every step has: its number from 1, and how the bench is prepared for it."""

    number: int
    set_up: Lines
    fresh: bool

    @property
    def kind(self) -> str:
        """The word that a file has for it."""
        return type(self).__name__.lower()

    @property
    def kind_word(self) -> str:
        """The word that a reader has for it."""
        return KIND_WORDS[self.kind].partition(" ")[2]


@dataclass(frozen=True, slots=True)
class Read(Step):
    """Text to read, in Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Predict(Step):
    """A question about what the bench will do when `run` is run."""

    question: str
    options: tuple[Option, ...]
    run: Lines
    why: Filled


@dataclass(frozen=True, slots=True)
class Task(Step):
    """A goal to reach: all parts true at once. A `goal` by itself is one part."""

    text: str
    goal: tuple[Part, ...]
    hints: tuple[Hint, Hint, Hint]
    solution: Lines
    others: tuple[Lines, ...]
    near: tuple[NearMiss, ...]


@dataclass(frozen=True, slots=True)
class Experiment(Step):
    """Lines to run, and where to look. `at` is a thing on the screen, or empty."""

    text: str
    run: Lines
    look: Filled
    at: str


AnyStep = Read | Predict | Task | Experiment


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson. `name` is its file's, without the suffix; `digest` the SHA-256 of its bytes.

    `bench` is the name of a bundled scenario, the path of one beside the lesson, or described.
    """

    name: str
    path: Path
    digest: str
    title: str
    aim: str
    know: tuple[str, ...]
    minutes: int
    source: tuple[str, ...]
    bench: BenchSpec | Path
    steps: tuple[AnyStep, ...]

    @property
    def number(self) -> int | None:
        """The number that its name begins with, if it does."""
        first = self.name.partition("-")[0]
        return int(first) if first.isascii() and first.isdecimal() and len(first) < 5 else None


def solution_of(step: AnyStep) -> Lines:
    """The lines that bring the bench from a step's beginning to its end, as the lesson has them."""
    if isinstance(step, Task):
        return step.solution
    return step.run if isinstance(step, Predict | Experiment) else ()


def kinds_of(step: AnyStep) -> frozenset[str]:
    """The kinds of events that the expressions of a step ask for."""
    if isinstance(step, Predict):
        return step.why.kinds.union(*(option.when.kinds for option in step.options))
    if isinstance(step, Task):
        parts = [part.when.kinds | part.missing.kinds for part in step.goal]
        return frozenset().union(*parts)
    return step.look.kinds if isinstance(step, Experiment) else frozenset()
