"""Who tells which story: one teller for each sort of thing that can be asked about."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from aclbench.errors import AclbenchError
from aclbench.tui.against.player import AgainstPlayer
from aclbench.tui.player import Player
from aclbench.tui.story.text import (
    StoryRow,
    causes_rows,
    explanation_rows,
    field_rows,
    list_rows,
    session_rows,
)
from aclbench.tui.targets import (
    CausesTarget,
    DifferenceTarget,
    FieldTarget,
    ListTarget,
    NoticeTarget,
    PacketTarget,
    SessionTarget,
    Target,
)
from aclbench.workbench.inquiry.diff import Difference, diff
from aclbench.workbench.inquiry.explain import (
    Explanation,
    PacketName,
    explain_all,
    explain_packet,
    summary,
)
from aclbench.workbench.inquiry.stories import (
    FieldStory,
    ListStory,
    SessionStory,
    field_story,
    list_story,
    session_story,
)
from aclbench.workbench.tasks import Slices


class Told(NamedTuple):
    """How far a story is told: its title, its rows, and whether that is all of it."""

    title: str
    rows: list[StoryRow]
    complete: bool


#: Is handed what is told so far, ever more.
Show = Callable[[Told], None]
_Any = TypeVar("_Any")


class Teller:
    """Begins a story; `follows` says that it is another one when the bench has gone on."""

    follows = True

    def begin(self, player: Player, show: Show) -> Slices[None]:
        """The story in slices, shown as it grows. Raises AclbenchError: there is none."""
        raise NotImplementedError


class SessionTeller(Teller):
    """A session: what comes next, its fields, all that happened to it."""

    def __init__(self, target: SessionTarget) -> None:
        self._target = target

    def begin(self, player: Player, show: Show) -> Slices[None]:
        about, clock = self._target, player.bench.rig.clock

        def tell(story: SessionStory) -> None:
            show(Told(story.title, session_rows(story, clock), story.complete))

        found = session_story(player.bench, about.thread_index, about.session_index, tell)
        return _to_the_end(found, tell)


class FieldTeller(Teller):
    """A field of a worker or the cleaner: its value, its meaning, its writers."""

    def __init__(self, target: FieldTarget) -> None:
        self._target = target

    def begin(self, player: Player, show: Show) -> Slices[None]:
        about, clock = self._target, player.bench.rig.clock

        def tell(story: FieldStory) -> None:
            title = f"{story.row} {story.name}"
            show(Told(title, field_rows(story, clock), story.complete))

        return _to_the_end(field_story(player.bench, about.row, about.field, tell), tell)


class ListTeller(Teller):
    """A list: what the next interrupt makes of it, and what happened on it."""

    def __init__(self, target: ListTarget) -> None:
        self._target = target

    def begin(self, player: Player, show: Show) -> Slices[None]:
        about, clock = self._target, player.bench.rig.clock

        def tell(story: ListStory) -> None:
            show(Told(story.title, list_rows(story, clock), story.complete))

        found = list_story(player.bench, about.thread_index, about.list_id, tell)
        return _to_the_end(found, tell)


class PacketTeller(Teller):
    """A packet: why it met its fate."""

    follows = False

    def __init__(self, target: PacketTarget) -> None:
        self._target = target

    def begin(self, player: Player, show: Show) -> Slices[None]:
        name = self._target.name
        source, _, number = name.rpartition(":")

        def tell(found: Explanation) -> None:
            show(Told(f"packet {name}", explanation_rows(found), True))

        wanted = PacketName(source, int(number))
        return _to_the_end(explain_packet(player.bench.past, wanted), tell)


class CausesTeller(Teller):
    """All packets that did not pass, by cause, with an example of each."""

    follows = False

    def begin(self, player: Player, show: Show) -> Slices[None]:
        looking = explain_all(player.bench.past)
        while True:
            try:
                progress = next(looking)
            except StopIteration as end:
                show(Told(summary(end.value), causes_rows(end.value), True))
                return
            if progress is not None:
                show(Told("why packets did not pass", [StoryRow("dim", str(progress))], False))
            yield progress


class DifferenceTeller(Teller):
    """What differs between two points of the run: who would notice, then field by field."""

    follows = False

    def __init__(self, target: DifferenceTarget) -> None:
        self._target = target

    def begin(self, player: Player, show: Show) -> Slices[None]:
        first, second = self._target.first, self._target.second

        def tell(found: Difference) -> None:
            rows = [StoryRow("plain", line) for line in found.lines or ["no difference"]]
            show(Told(f"{len(found.fields):,} differences, {first} > {second}", rows, True))

        return _to_the_end(diff(player.bench.past, first, second), tell)


class NoticeTeller(Teller):
    """Who would notice that the other of two benches was there, with the figures of both."""

    def begin(self, player: Player, show: Show) -> Slices[None]:
        if not isinstance(player, AgainstPlayer):
            raise AclbenchError("there is one bench here")

        def tell(lines: list[str]) -> None:
            title, *others = lines
            show(Told(title, [StoryRow("plain", line) for line in others], True))

        return _to_the_end(player.noticing(), tell)


def _to_the_end(slices: Slices[_Any], tell: Callable[[_Any], None]) -> Slices[None]:
    """Work that tells what it has in the end."""
    tell((yield from slices))


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
    if isinstance(target, CausesTarget):
        return CausesTeller()
    if isinstance(target, DifferenceTarget):
        return DifferenceTeller(target)
    if isinstance(target, NoticeTarget):
        return NoticeTeller()
    return None
