"""The tables of a lesson's file, typed: what each may have, and what would be right.

Each makes of itself what a lesson has (`lesson`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeVar

from msgspec import Meta, Struct

from aclbench.documents import Count, Hooks, Wrong
from aclbench.engine.design import FIFO_2017
from aclbench.expressions import Expression, Filled
from aclbench.tutor.lesson import (
    Experiment,
    Hint,
    NearMiss,
    Option,
    Part,
    Predict,
    Read,
    Task,
)
from aclbench.tutor.vocabulary import read_condition, read_text
from aclbench.workbench.rig.scenario import Placement, Workers
from aclbench.workbench.rig.scenario_file import refuse_unknown_design

MAX_STEPS: Final = 100
#: Command lines of one list, and characters of one line.
MAX_LINES: Final = 200
MAX_LINE: Final = 1000
MAX_TEXT: Final = 20_000
MAX_LABEL: Final = 200
MAX_ITEMS: Final = 20
MAX_MINUTES: Final = 240
#: Packets that a stream may be limited to.
MAX_PACKETS: Final = 1_000_000
#: Hints, from a nudge to nearly all of it.
N_HINTS: Final = 3
#: What is said of a goal without parts.
NOT_YET: Final = "the goal is not met yet"
#: Text with something in it that can be seen, and nothing that would do something to a terminal.
_SHOWABLE: Final = (
    r"\A[^\x00-\x08\x0b-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b-\x1f\x7f-\x9f]*\Z"
)


# --- values -------------------------------------------------------------------------------------


def _text_type(longest: int) -> Meta:
    what = f"text of 1 to {longest:,} characters that can be shown in a terminal"
    return Meta(max_length=longest, pattern=_SHOWABLE, description=what)


Text = Annotated[str, _text_type(MAX_TEXT)]
Label = Annotated[str, _text_type(MAX_LABEL)]
Line = Annotated[str, _text_type(MAX_LINE)]
_T = TypeVar("_T")
#: A list that is not too long.
Items = Annotated[tuple[_T, ...], Meta(max_length=MAX_ITEMS)]


class CommandLines(tuple[str, ...]):
    """Command lines that are not empty, of a list of texts or of one text."""


class SomeLines(CommandLines):
    """At least one of them."""


def _command_lines(value: Any) -> CommandLines:
    lines = value.splitlines() if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Wrong("", value, "command lines: a list of texts, or one text")
    found = CommandLines(line for line in lines if line.strip())
    if len(found) > MAX_LINES:
        raise Wrong("", Count(len(found)), f"at most {MAX_LINES} command lines")
    for line in found:
        if len(line) > MAX_LINE or not line.isprintable():
            raise Wrong("", line, f"printable lines of at most {MAX_LINE:,} characters")
    return found


def _some_lines(value: Any) -> SomeLines:
    lines = _command_lines(value)
    if not lines:
        raise Wrong("", Count(0), f"1 to {MAX_LINES} command lines")
    return SomeLines(lines)


def _condition(value: Any) -> Expression:
    return read_condition(_checked(value))


def _filled(value: Any) -> Filled:
    return read_text(_checked(value))


def _checked(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise Wrong("", value, f"text of 1 to {MAX_TEXT:,} characters")
    if not re.search(_SHOWABLE, value):
        raise Wrong("", value, "text that can be shown in a terminal")
    return value.strip()


HOOKS: Final[Hooks] = {
    CommandLines: _command_lines,
    SomeLines: _some_lines,
    Expression: _condition,
    Filled: _filled,
}


# --- tables -------------------------------------------------------------------------------------


class _Table(Struct, forbid_unknown_fields=True):
    """A table of a lesson's file."""


class StreamTable(_Table):
    """One of `streams`."""

    name: Annotated[str, Meta(pattern=r"\A[\w.-]{1,64}\Z", description="a name such as questions")]
    pcap: Label
    source: Annotated[
        str,
        Meta(pattern=r"\A[A-Za-z][\w./:@+-]{0,62}\Z", description="an interface such as pg0"),
    ]
    limit: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=MAX_PACKETS,
                description=f"a number of packets, 1 to {MAX_PACKETS:,}",
            ),
        ]
        | None
    ) = None


class BenchTable(_Table):
    """`[bench]`."""

    workers: Workers = 1
    placement: Placement = "interface"
    design: str = FIFO_2017.name
    cli: CommandLines = CommandLines()
    streams: Items[StreamTable] = ()

    def __post_init__(self) -> None:
        """Wrong: there is no such design."""
        refuse_unknown_design(self.design)


class OptionTable(_Table):
    """One of a prediction's `options`."""

    label: Label
    when: Expression


class PartTable(_Table):
    """One of a task's `parts`."""

    when: Expression
    missing: Filled


class HintTable(_Table):
    """One of a task's `hints`."""

    text: Text
    run: CommandLines = CommandLines()


class NearTable(_Table):
    """One of a task's near misses."""

    run: SomeLines
    says: Label


class LookTable(_Table):
    """Where to look behind an experiment."""

    text: Filled
    at: Label | None = None


class _StepTable(_Table, tag_field="kind", kw_only=True):
    """What every step may have."""

    set_up: CommandLines = CommandLines()
    fresh: bool = False


class ReadTable(_StepTable, tag="read", kw_only=True):
    """A reading."""

    text: Text

    def step(self, number: int) -> Read:
        """As a lesson has it."""
        return Read(number, self.set_up, self.fresh, text=self.text.strip())


class PredictTable(_StepTable, tag="predict", kw_only=True):
    """A prediction."""

    question: Text
    options: Annotated[
        tuple[OptionTable, ...],
        Meta(min_length=2, max_length=MAX_ITEMS, description="2 to 20 tables of label and when"),
    ]
    run: SomeLines
    why: Filled

    def __post_init__(self) -> None:
        labels = [option.label.strip() for option in self.options]
        if len(set(labels)) < len(labels):
            raise Wrong("options", "a label twice", "a label of its own for each")

    def step(self, number: int) -> Predict:
        """As a lesson has it."""
        options = tuple(Option(option.label.strip(), option.when) for option in self.options)
        return Predict(
            number,
            self.set_up,
            self.fresh,
            question=self.question.strip(),
            options=options,
            run=self.run,
            why=self.why,
        )


class TaskTable(_StepTable, tag="task", kw_only=True):
    """A task."""

    text: Text
    goal: Expression | None = None
    parts: Items[PartTable] = ()
    hints: Annotated[
        tuple[HintTable, ...],
        Meta(min_length=N_HINTS, max_length=N_HINTS, description=f"exactly {N_HINTS}"),
    ]
    solution: SomeLines
    others: Annotated[
        tuple[SomeLines, ...],
        Meta(
            min_length=1,
            max_length=MAX_ITEMS,
            description="at least one other solution: a list of lists of lines",
        ),
    ]
    near: Annotated[
        tuple[NearTable, ...],
        Meta(min_length=2, max_length=MAX_ITEMS, description="2 to 20 tables of run and says"),
    ]

    def __post_init__(self) -> None:
        if self.goal is None and not self.parts:
            raise Wrong("goal", None, "an expression, or [[steps.parts]]")

    def step(self, number: int) -> Task:
        """As a lesson has it."""
        parts = [Part(part.when, part.missing) for part in self.parts]
        if self.goal is not None:
            parts.append(Part(self.goal, read_text(NOT_YET)))
        first, second, third = (Hint(hint.text.strip(), hint.run) for hint in self.hints)
        return Task(
            number,
            self.set_up,
            self.fresh,
            text=self.text.strip(),
            goal=tuple(parts),
            hints=(first, second, third),
            solution=self.solution,
            others=self.others,
            near=tuple(NearMiss(miss.run, miss.says.strip()) for miss in self.near),
        )


class ExperimentTable(_StepTable, tag="experiment", kw_only=True):
    """An experiment."""

    text: Text
    run: SomeLines
    look: LookTable

    def step(self, number: int) -> Experiment:
        """As a lesson has it."""
        return Experiment(
            number,
            self.set_up,
            self.fresh,
            text=self.text.strip(),
            run=self.run,
            look=self.look.text,
            at=(self.look.at or "").strip(),
        )


class LessonDocument(_Table, kw_only=True):
    """A lesson's file."""

    title: Label
    aim: Text
    know: Items[Line] = ()
    minutes: Annotated[
        int,
        Meta(ge=1, le=MAX_MINUTES, description=f"a whole number from 1 to {MAX_MINUTES}"),
    ]
    source: Annotated[
        tuple[
            Annotated[
                str,
                Meta(
                    max_length=MAX_LINE,
                    pattern=r"\Aaclbench\.engine(\.[a-z_]+)+:[A-Za-z_][A-Za-z0-9_.]*\Z",
                    description="aclbench.engine.sessions:Sessions.track_session, "
                    "module and function",
                ),
            ],
            ...,
        ],
        Meta(
            min_length=1,
            max_length=MAX_ITEMS,
            description="at least one function that does what is shown",
        ),
    ]
    scenario: Label | None = None
    bench: BenchTable | None = None
    steps: Annotated[
        tuple[ReadTable | PredictTable | TaskTable | ExperimentTable, ...],
        Meta(
            min_length=1,
            max_length=MAX_STEPS,
            description=f"1 to {MAX_STEPS} [[steps]] tables",
        ),
    ]

    def __post_init__(self) -> None:
        if (self.scenario is None) == (self.bench is None):
            found = "neither" if self.bench is None else "both"
            raise Wrong("scenario, bench", found, "one of them")
