"""A counterexample as lanes: a column an actor, what each step wrote, the switch that matters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from aclbench.drivers.driver import CLOCK, actor_name
from aclbench.engine.acl import ACTION_NAMES
from aclbench.engine.pool import NO_LIST, Session
from aclbench.engine.timeouts import NEVER
from aclbench.lab.explore.actors import COMMAND, ITEM, Actors
from aclbench.lab.explore.memory import STORE_LABEL
from aclbench.lab.explore.parts import SendPart
from aclbench.lab.explore.scene import Scene
from aclbench.words import counted
from aclbench.workbench.views.times import seconds_text

if TYPE_CHECKING:
    from aclbench.lab.explore.search import Broken

_CLOCK: Final = actor_name(CLOCK)
#: Lanes are so far apart, and a step's name may go over those behind its own.
LANE: Final = 9
#: So much room a step's name has.
STEP: Final = 16
#: Lines of the text that are no steps.
OTHER_LINES: Final = 7


class StepTold(NamedTuple):
    """One step: who took it, when (ns from the start), what it was, what it changed."""

    time: int
    actor: str
    step: str
    #: The kinds of what threads share that it read (`engine.steps`), and what it changed.
    read: tuple[str, ...]
    wrote: tuple[str, ...]
    #: It left somebody in the middle of a turn.
    preempts: bool
    #: The turn ends with it.
    finished: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return self._asdict()


class Told(Protocol):
    """What is printed."""

    broken: Broken
    preemptions: int
    steps: list[StepTold]

    @property
    def headline(self) -> str:
        """What is broken, in a line."""


def tell(scene: Scene, choices: Sequence[int]) -> list[StepTold]:
    """Take a run's choices once more, and tell what each step does."""
    actors, told = scene.actors, list[StepTold]()
    actors.begin()
    scene.watch.begin()
    before = _state(actors)
    reads = {step.label: step.reads or () for step in actors.machine.design.steps}
    for choice in choices:
        name, preemptions = actors.name_of(choice), actors.preemptions
        part = actors.part_of(choice) if choice >= ITEM else None
        label = actors.step(choice)
        read = reads.get(label, ())
        after = _state(actors)
        wrote = _changes(before, after)
        if part is not None and label in (COMMAND, part.text):
            label = part.text
        elif isinstance(part, SendPart):
            wrote = (part.text, *wrote)
        preempts = actors.preemptions > preemptions
        finished = actors.last_finished
        time = actors.now - actors.start
        told.append(StepTold(time, name, label, read, wrote, preempts, finished))
        before = after
    return told


def _state(actors: Actors) -> dict[str, Any]:
    """What a person knows of a state, by name, with what stands there."""
    am, found = actors.am, dict[str, Any]()
    for worker in am.packet_workers:
        name = actors.name_of(worker.thread_index).removeprefix("vpp_")
        found |= {
            f"{name} pending": worker.interrupt_is_pending,
            f"{name} needed": worker.interrupt_is_needed,
            f"{name} unwanted": worker.interrupt_is_unwanted,
            f"{name} clear_in_process": worker.clear_in_process,
            f"{name} pending bitmap": worker.pending_clear_sw_if_index_bitmap,
            f"{name} sweep": int(bool(worker.swipe_end_time)),
            f"{name} interrupt": "raised" if worker.thread_index in actors.raised else "none",
            f"{name} taken": len(worker.expired),
        }
        for list_id, head in enumerate(worker.head_expiry_time):
            due = "none" if head == NEVER else seconds_text(head - actors.start)
            found[f"{name} {am.lists[list_id]} due"] = due
        pool = worker.pool
        for slot in range(len(pool)):
            found |= _session(actors, name, pool.session(slot))
    for acl_index, acl in am.acls.items():
        first = f", {ACTION_NAMES[acl.rules[0].is_permit]} first" if acl.rules else ""
        found[f"acl {acl_index}"] = f"{counted(len(acl.rules), 'rule')}{first}"
    for interface in am.interfaces:
        if interface is not None:
            found[f"{interface.name} table"] = len(interface.sessions)
    found["signals"] = len(actors.signals)
    return found


def _session(actors: Actors, name: str, session: Session) -> dict[str, Any]:
    what = f"{name} slot {session.session_index}"
    lists = actors.am.lists
    there = session.link_list_id
    place = "free" if there == NO_LIST else "elsewhere" if there >= len(lists) else lists[there]
    return {
        what: place,
        f"{what} active": seconds_text(session.last_active_time - actors.start),
        f"{what} flags in": f"{session.tcp_flags_seen_in:#04x}",
        f"{what} flags out": f"{session.tcp_flags_seen_out:#04x}",
    }


def _changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    changed = [(n, before.get(n), value) for n, value in after.items() if before.get(n) != value]
    return tuple(
        f"{name} {value}" if old is None else f"{name} {old}>{value}"
        for name, old, value in changed
    )


# --- printed --------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """A line: a time, a step in the lane of an actor, and what it wrote."""

    time: str
    actor: str
    step: str
    wrote: str
    mark: str


def lanes_text(told: Told, width: int, height: int) -> str:
    """The text, at most so wide; steps that wrote nothing are told together if it is too high."""
    steps = told.steps
    names = sorted({step.actor for step in steps}, key=_rank)
    rows = _rows(steps, merged=False)
    if len(rows) > height - OTHER_LINES:
        rows = _rows(steps, merged=True)
    times = max((len(row.time) for row in rows), default=0)
    lanes = {name: times + 3 + LANE * n for n, name in enumerate(names)}
    behind = times + 3 + LANE * (len(names) - 1) + STEP + 1
    head = " " * (times + 3) + "".join(name.ljust(LANE) for name in names)
    lines = [f"{head.ljust(behind)}wrote, and read"[:width].rstrip()]
    for row in rows:
        cell = f"{row.time:>{times}} {row.mark} ".ljust(lanes[row.actor]) + row.step
        cell = cell.ljust(behind) if len(cell) < behind else f"{cell} "
        lines.append(_cut(f"{cell}{row.wrote}".rstrip(), width))
    notes = _notes(steps, found=bool(told.broken.name))
    return "\n".join([*lines, "", *(line for note in notes for line in wrap(note, width))])


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _notes(steps: Sequence[StepTold], found: bool) -> list[str]:
    """What the marks mean, and words that are no step of the machine."""
    notes = []
    switch = next((n for n in range(len(steps) - 1, -1, -1) if steps[n].preempts), None)
    if switch is not None:
        left = _left(steps, switch)
        upcoming = next((step.step for step in steps[switch:] if step.actor == left), "")
        ahead = f", ahead of `{upcoming}`" if upcoming else ""
        which = "the switch that matters" if found else "the last switch"
        notes.append(f"> marks {which}: {left} is in the middle of a turn{ahead}.")
    elif found:
        notes.append("Nobody is left in the middle of a turn: the order of turns is enough.")
    if found:
        notes.append("A line is a step: what it changed, old>new; behind < what it read.")
    if any(step.step == STORE_LABEL for step in steps):
        notes.append("store: from here on the others see what this thread wrote before.")
    return notes


def _left(steps: Sequence[StepTold], switch: int) -> str:
    """Who was in the middle of a turn when another one went."""
    return next(
        step.actor
        for step in reversed(steps[:switch])
        if step.step != STORE_LABEL and step.actor not in (_CLOCK, steps[switch].actor)
    )


def _rank(name: str) -> tuple[bool, str]:
    """The clock stands last, the cleaner first."""
    return name == _CLOCK, name


def _rows(steps: Sequence[StepTold], merged: bool) -> list[_Row]:
    """The lines; merged, what an actor does without a write is told with its next step."""
    rows: list[_Row] = []
    last_time = None
    held: list[str] = []
    matters = max((n for n, step in enumerate(steps) if step.preempts), default=-1)
    ends = {n for n, (one, two) in enumerate(pairwise(steps)) if one.actor != two.actor}
    mark = " "
    for number, step in enumerate(steps):
        if step.preempts:
            mark = ">" if number == matters else "|"
        held.append(step.step)
        if merged and not step.wrote and number not in ends and number < len(steps) - 1:
            continue
        time = seconds_text(step.time)
        label = held[-1] if len(held) == 1 else f"{held[-1]} +{len(held) - 1}"
        wrote = _written(step.wrote)
        if step.read:
            wrote = f"{wrote}  < {', '.join(step.read)}".strip()
        rows.append(_Row("" if time == last_time else time, step.actor, label, wrote, mark))
        last_time, mark = time, " "
        held.clear()
    return rows


def _written(wrote: Sequence[str]) -> str:
    """What was written; a thread is named once for all that is its own."""
    told, before = [], ""
    for what in wrote:
        owner, _, rest = what.partition(" ")
        told.append(rest if owner == before and owner.startswith(("wk_", "main")) else what)
        before = owner
    return ", ".join(told)
