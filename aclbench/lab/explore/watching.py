"""The properties that a run is watched for, together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aclbench.engine.events import TraceEvent
from aclbench.lab.explore.actors import Actors, Watcher
from aclbench.lab.explore.properties import PROPERTIES, HungClear, Property


class Watch(Watcher):
    """Asks each property what it has overridden, and nothing else."""

    def __init__(self, actors: Actors, properties: Sequence[Property]) -> None:
        self.watch_for(properties)
        self._actors = actors

    def watch_for(self, properties: Sequence[Property]) -> None:
        """Have runs watched for these, and no others."""
        self.properties = tuple(properties)
        self._hear = [p.event for p in properties if _has(p, "event")]
        self._before = [p.before for p in properties if _has(p, "before")]
        self._after = [p.after for p in properties if _has(p, "after")]
        self._look = [p for p in properties if _has(p, "look")]
        self._remembering = [p for p in properties if _has(p, "remembered")]
        # The last of them may spoil the run.
        self._end = sorted(
            (p for p in properties if _has(p, "end")), key=lambda p: isinstance(p, HungClear)
        )

    @property
    def has_conditions(self) -> bool:
        """Whether one may look at anything."""
        return any(each.name not in PROPERTIES for each in self.properties)

    def begin(self) -> None:
        """A run begins, and is watched."""
        for each in self.properties:
            each.begin()
        self._actors.am.tell.listener = self.event if self._hear else None
        self._actors.watcher = self if self._before or self._after else None

    def look_away(self) -> None:
        """A run begins that was watched before, up to where `recall` is called."""
        self._actors.am.tell.listener = None
        self._actors.watcher = None

    def recall(self, remembered: tuple[Any, ...]) -> None:
        """Watch it from here on: what `remembered` gave was remembered here."""
        self.begin()
        for each, what in zip(self._remembering, remembered, strict=True):
            each.recall(what)

    def event(self, event: TraceEvent) -> None:
        """The machine tells of something."""
        for hear in self._hear:
            hear(event)

    def before(self, thread: int, step: str) -> None:
        """A thread is about to take a step."""
        for before in self._before:
            before(thread, step)

    def after(self, thread: int, step: str) -> None:
        """It has taken it."""
        for after in self._after:
            after(thread, step)

    def remembered(self) -> tuple[Any, ...]:
        """What their answers depend on beside the machine's state."""
        return tuple([each.remembered() for each in self._remembering])

    def broken(self) -> Property | None:
        """One that the last step has broken."""
        for each in self.properties:
            if each.broken is not None:
                return each
        return None

    def looked(self) -> Property | None:
        """One that is broken in the state that the run is in."""
        for each in self._look:
            each.look()
            if each.broken is not None:
                return each
        return None

    def ended(self) -> Property | None:
        """One that is broken where the run ends; the run is of no more use then."""
        for each in self._end:
            each.end()
            if each.broken is not None:
                return each
        return None


def _has(prop: Property, name: str) -> bool:
    return getattr(type(prop), name) is not getattr(Property, name)
