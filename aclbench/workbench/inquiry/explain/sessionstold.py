"""The sessions of some keys: which are there at a packet, and which were removed before it."""

from __future__ import annotations

from typing import NamedTuple

from aclbench.engine.events import SessionAdded, SessionDeleted, SessionRecycled, TraceEvent
from aclbench.workbench.inquiry.explain.past import Gone, as_it_stood
from aclbench.workbench.rig.rig import Rig


class Removed(NamedTuple):
    """A session that was removed when so many packets of the run were done."""

    packets: int
    gone: Gone


class SessionsTold:
    """The sessions of some keys, as a run that is heard tells of them."""

    def __init__(self, keys: set[bytes], is_all: bool) -> None:
        self._keys, self._is_all = keys, is_all
        self._alive: dict[bytes, list[int]] = {}
        self._removed: dict[tuple[int, bytes], Removed] = {}
        #: What was heard and not told yet: how many packets were done, what, and a removal.
        self._heard: list[tuple[int, SessionAdded | Removed]] = []
        self._told = 0

    def add(self, sw_if_index: int, key: bytes) -> None:
        """A session was there as the run began."""
        self._alive.setdefault(key, []).append(sw_if_index)

    def hear(self, rig: Rig, event: TraceEvent, number: int, packets: int) -> None:
        """Keep what happened to one of them; `number` is the event's in the run."""
        if not isinstance(event, SessionAdded | SessionDeleted | SessionRecycled):
            return
        if not self._is_all and event.key not in self._keys:
            return
        if isinstance(event, SessionAdded):
            self._heard.append((packets, event))
        else:
            gone = as_it_stood(rig, event, number, None)
            self._heard.append((packets, Removed(packets, gone)))

    def go_to(self, packet: int) -> None:
        """What happened ahead of the verdict on a packet, counted from 0, has happened."""
        while self._told < len(self._heard) and self._heard[self._told][0] <= packet:
            event = self._heard[self._told][1]
            self._told += 1
            if isinstance(event, SessionAdded):
                self.add(event.sw_if_index, event.key)
            else:
                where = event.gone.event.sw_if_index, event.gone.event.key
                self._removed[where] = event
                alive = self._alive.get(where[1], [])
                if where[0] in alive:
                    alive.remove(where[0])

    def forget_told(self) -> None:
        """What was told is not needed any more."""
        del self._heard[: self._told]
        self._told = 0

    def removed(self, sw_if_index: int, keys: tuple[bytes, ...], opener: int) -> Removed | None:
        """The last session with one of these keys that was removed behind a packet, from 0."""
        found = [self._removed[w] for k in keys if (w := (sw_if_index, k)) in self._removed]
        last = max(found, key=lambda each: each.gone.at, default=None)
        return None if last is None or last.packets <= opener else last

    def is_elsewhere(self, sw_if_index: int, keys: tuple[bytes, ...]) -> bool:
        """Whether one with such a key is on another interface."""
        return any(on != sw_if_index for key in keys for on in self._alive.get(key, ()))
