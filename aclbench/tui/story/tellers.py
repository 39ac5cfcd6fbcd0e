"""Who tells which story: one teller for each sort of thing that can be asked about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from aclbench.tui.player import Player
from aclbench.tui.story.text import (
    StoryRow,
    field_rows,
    list_rows,
    session_rows,
    text_rows,
)
from aclbench.tui.targets import (
    DifferenceTarget,
    FieldTarget,
    ListTarget,
    PacketTarget,
    SessionTarget,
    Target,
)
from aclbench.workbench.inquiry.explain import explanation_text
from aclbench.workbench.inquiry.stories import field_story, list_story, session_story


class Told(NamedTuple):
    """How far a story is told: its title, its rows, and whether that is all of it."""

    title: str
    rows: list[StoryRow]
    complete: bool


class Teller:
    """Begins a story; `follows` says that it is another one when the bench has gone on."""

    follows = True

    def begin(self, player: Player) -> Iterator[Told]:
        """The story, ever more complete. Raises AclbenchError: there is none."""
        raise NotImplementedError


class SessionTeller(Teller):
    """A session: what comes next, its fields, all that happened to it."""

    def __init__(self, target: SessionTarget) -> None:
        self._target = target

    def begin(self, player: Player) -> Iterator[Told]:
        about = self._target
        for story in session_story(player.bench, about.thread_index, about.session_index):
            yield Told(story.title, session_rows(story, player.live.started), story.complete)


class FieldTeller(Teller):
    """A field of a worker or the cleaner: its value, its meaning, its writers."""

    def __init__(self, target: FieldTarget) -> None:
        self._target = target

    def begin(self, player: Player) -> Iterator[Told]:
        about = self._target
        for story in field_story(player.bench, about.row, about.field):
            title = f"{story.row} {story.name}"
            yield Told(title, field_rows(story, player.live.started), story.complete)


class ListTeller(Teller):
    """A list: what the next interrupt makes of it, and what happened on it."""

    def __init__(self, target: ListTarget) -> None:
        self._target = target

    def begin(self, player: Player) -> Iterator[Told]:
        about = self._target
        for story in list_story(player.bench, about.thread_index, about.list_id):
            yield Told(story.title, list_rows(story, player.live.started), story.complete)


class PacketTeller(Teller):
    """A packet: why it met its fate."""

    follows = False

    def __init__(self, target: PacketTarget) -> None:
        self._target = target

    def begin(self, player: Player) -> Iterator[Told]:
        explanation = player.bench.explain(self._target.name)
        rows = text_rows(explanation_text(explanation).splitlines())
        yield Told(f"packet {self._target.name}", rows, True)


class DifferenceTeller(Teller):
    """What differs between two points of the run, field by field."""

    follows = False

    def __init__(self, target: DifferenceTarget) -> None:
        self._target = target

    def begin(self, player: Player) -> Iterator[Told]:
        first, second = self._target.first, self._target.second
        lines = player.bench.diff(first, second) or ["no difference"]
        rows = [StoryRow("plain", line) for line in lines]
        yield Told(f"{len(lines):,} differences, {first} > {second}", rows, True)


def teller_of(target: Target | None) -> Teller | None:
    """Who can tell of what the cursor is on; None: there is no story in it."""
    if isinstance(target, SessionTarget):
        return SessionTeller(target)
    if isinstance(target, FieldTarget):
        return FieldTeller(target)
    if isinstance(target, ListTarget):
        return ListTeller(target)
    if isinstance(target, PacketTarget):
        return PacketTeller(target)
    if isinstance(target, DifferenceTarget):
        return DifferenceTeller(target)
    return None
