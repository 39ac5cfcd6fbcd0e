"""The properties that a run is watched for, together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aclbench.engine.events import TraceEvent
from aclbench.lab.explore.actors import Actors, Watcher
from aclbench.lab.explore.properties import HungClear, Property


class Watch(Watcher):
    """Asks each property what it has overridden, and nothing else."""

    def __init__(self, actors: Actors, properties: Sequence[Property]) -> None:
        self.watch_for(properties)
        actors.am.tell.listener = self.event
        actors.watcher = self

    def watch_for(self, properties: Sequence[Property]) -> None:
        """Have runs watched for these, and no others."""
        self.properties = tuple(properties)
        self._hear = [p.event for p in properties if _has(p, "event")]
        self._before = [p.before for p in properties if _has(p, "before")]
        self._after = [p.after for p in properties if _has(p, "after")]
        self._look = [p for p in properties if _has(p, "look")]
        self._remember = [p.remembered for p in properties if _has(p, "remembered")]
        # The last of them may spoil the run.
        self._end = sorted(
            (p for p in properties if _has(p, "end")), key=lambda p: isinstance(p, HungClear)
        )

    def begin(self) -> None:
        """A run begins."""
        for each in self.properties:
            each.begin()

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
        return tuple([remembered() for remembered in self._remember])

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
