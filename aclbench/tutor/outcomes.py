"""What comes of a step: answers to predictions, what an experiment shows, how far a goal is."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from aclbench.tutor.running import Ran


@dataclass(frozen=True, slots=True)
class Outcome:
    """A prediction and what the bench did: `choice` None is "not sure", and `right` None then.

    `choice` and `answer` are places in the step's options, from 0. `notice` is not empty where the
    bench had to be put back to how the lesson has it.
    """

    choice: int | None
    answer: int
    right: bool | None
    why: str
    ran: tuple[Ran, ...]
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an experiment ran, and where to look now."""

    ran: tuple[Ran, ...]
    look: str
    at: str


@dataclass(frozen=True, slots=True)
class PartState:
    """A part of a goal: whether it is true now, and what to say while it is not."""

    met: bool
    missing: str


@dataclass(frozen=True, slots=True)
class GoalState:
    """How far a step is now. `done` stays once it was met; `message` is what is missing now."""

    parts: tuple[PartState, ...]
    met: bool
    done: bool
    message: str


class Prediction(Struct, frozen=True, forbid_unknown_fields=True):
    """A guess that was made, by labels: the file of a lesson may change their order."""

    step: int
    choice: str | None
    answer: str
    right: bool | None
