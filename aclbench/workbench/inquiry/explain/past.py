"""What came before a packet: of its connection, of its neighbours, and which session went.

A `Gatherer` hears the events of a run. Of one packet that is asked about the run is heard
backwards, from checkpoint to checkpoint, until enough is known (`past_of`); of all that were denied
it is heard once, forwards (`groups`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from aclbench.engine import reading
from aclbench.engine.events import PacketVerdict, SessionDeleted, SessionRecycled, TraceEvent
from aclbench.engine.packet import INFO_L4_VALID
from aclbench.engine.session import SessionId
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.explain.keys import End, hosts, source
from aclbench.workbench.inquiry.stretches import Stretch, Stretches
from aclbench.workbench.rig.inputs import Point
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Progress, Slices


class Wanted(NamedTuple):
    """What is looked for in the past of a packet.

    `sessions` are the keys under which it was looked up on an interface; `opener` is the key, on
    ingress, of the packet the other way that would open a session there (empty: there is no such
    packet), `own` its own. `near` is the end of its own side.
    """

    sw_if_index: int
    sessions: tuple[bytes, ...]
    opener: bytes
    own: bytes
    near: End | None


class Gone(NamedTuple):
    """A session that was removed, as it stood then; `at` is the number of the event."""

    at: int
    event: SessionDeleted | SessionRecycled
    timeout_class: int
    timeout: int
    tcp_flags: tuple[int, int]
    last: PacketVerdict | None


@dataclass(frozen=True, slots=True)
class Past:
    """What came before a packet.

    Packets the other way (`opener_...`) and its own way (`own_...`), the first and the last before
    it; `whole`: the last between the same hosts, the same way, that has ports; `other`: the last
    from its own side's end to another far end; `gone`: the session that was removed behind the last
    packet the other way. `is_whole`: it was looked through to the run's beginning.
    """

    opener_first: PacketVerdict | None
    opener_last: PacketVerdict | None
    own_first: PacketVerdict | None
    own_last: PacketVerdict | None
    whole: PacketVerdict | None
    other: PacketVerdict | None
    gone: Gone | None
    is_whole: bool

    def first_with(self, event: PacketVerdict) -> PacketVerdict:
        """The first packet of the connection of a packet, which may be that."""
        found = [each for each in (self.own_first, self.opener_first) if each is not None]
        return min(found, key=lambda each: (each.time, each.number), default=event)

    @property
    def is_silent(self) -> bool:
        """Nothing came the other way in the whole run, and no session was there."""
        return self.is_whole and self.opener_last is None and self.gone is None


class Span(NamedTuple):
    """The first and the last packet of a key, and the number of the last one's event."""

    first: PacketVerdict
    last: PacketVerdict
    at: int


class Gatherer:
    """Hears the events of a stretch, and keeps what `Past` is made of: of one packet, or of all."""

    def __init__(self, wanted: Wanted | None, stop: PacketVerdict | None = None) -> None:
        self._wanted = wanted
        self._own = {wanted.own, wanted.opener} if wanted is not None else set[bytes]()
        self._hosts = hosts(wanted.own) if wanted is not None else b""
        self._stop = stop
        self._rig: Rig | None = None
        self._is_over = False
        #: How many events there were.
        self.at = 0
        self.spans: dict[bytes, Span] = {}
        self._whole: dict[bytes, PacketVerdict] = {}
        self._from: dict[End, list[PacketVerdict]] = {}
        self._gone: dict[tuple[int, bytes], Gone] = {}
        self._last_packets: dict[SessionId, PacketVerdict] = {}

    def begin(self, there: Replay, events_before: int) -> None:
        """A stretch begins, on this rig."""
        self._rig, self.at = there.rig, events_before

    def hear(self, event: TraceEvent) -> None:
        """Keep what belongs to it."""
        self.at += 1
        if self._is_over:
            return
        if isinstance(event, PacketVerdict):
            if event == self._stop:
                self._is_over = True
            elif event.key:
                self._packet(event)
        elif isinstance(event, SessionDeleted | SessionRecycled):
            wanted = self._wanted
            if wanted is None or (
                event.sw_if_index == wanted.sw_if_index and event.key in wanted.sessions
            ):
                self._gone[event.sw_if_index, event.key] = self._as_it_stood(event)

    def _packet(self, event: PacketVerdict) -> None:
        key, wanted = event.key, self._wanted
        for check in event.checks:
            if check.session is not None:
                self._last_packets[check.session] = event
        if wanted is None or key in self._own:
            span = self.spans.get(key)
            self.spans[key] = Span(event if span is None else span.first, event, self.at)
        if event.info & INFO_L4_VALID and (wanted is None or hosts(key) == self._hosts):
            self._whole[hosts(key)] = event
        end = source(key)
        if wanted is None or end == wanted.near:
            self._remember_from(end, event)

    def _remember_from(self, end: End, event: PacketVerdict) -> None:
        """The last two to different far ends: one of them is not that of any packet."""
        kept = self._from.setdefault(end, [])
        if not kept or kept[-1].key != event.key:
            kept.append(event)
            del kept[:-2]

    def _as_it_stood(self, event: SessionDeleted | SessionRecycled) -> Gone:
        """Freed this very moment, so its slot still has its flags."""
        assert self._rig is not None
        am = self._rig.machine.am
        session = reading.slot_at(am.workers[event.thread_index], event.session_index)
        timeout_class = reading.timeout_class(am, session)
        where = SessionId(event.thread_index, event.session_index)
        return Gone(
            self.at,
            event,
            timeout_class,
            am.session_timeout[timeout_class],
            (session.tcp_flags_seen_in, session.tcp_flags_seen_out),
            self._last_packets.get(where),
        )

    def past(self, wanted: Wanted, is_whole: bool) -> Past:
        """What is known now of what came before a packet."""
        opener, own = self.spans.get(wanted.opener), self.spans.get(wanted.own)
        found = [self._gone.get((wanted.sw_if_index, key)) for key in wanted.sessions]
        gone = max((each for each in found if each is not None), default=None, key=lambda g: g.at)
        if gone is not None and opener is not None and gone.at < opener.at:
            gone = None
        others = self._from.get(wanted.near, []) if wanted.near is not None else []
        return Past(
            opener_first=opener.first if opener is not None else None,
            opener_last=opener.last if opener is not None else None,
            own_first=own.first if own is not None else None,
            own_last=own.last if own is not None else None,
            whole=self._whole.get(hosts(wanted.own)),
            other=next((each for each in reversed(others) if each.key != wanted.opener), None),
            gone=gone,
            is_whole=is_whole,
        )


def both(earlier: Past, later: Past) -> Past:
    """What two stretches tell, the one of which comes right behind the other."""
    gone = later.gone or (earlier.gone if later.opener_last is None else None)
    return Past(
        opener_first=earlier.opener_first or later.opener_first,
        opener_last=later.opener_last or earlier.opener_last,
        own_first=earlier.own_first or later.own_first,
        own_last=later.own_last or earlier.own_last,
        whole=later.whole or earlier.whole,
        other=later.other or earlier.other,
        gone=gone,
        is_whole=earlier.is_whole,
    )


def past_of(
    stretches: Stretches,
    end: Point,
    stop: PacketVerdict | None,
    wanted: Wanted,
    is_enough: Callable[[Past], bool],
) -> Slices[Past]:
    """What came before a packet that stands at `end`; what comes behind `stop` does not count.

    The past is run again, checkpoint by checkpoint, the latest first, until it `is_enough`.
    """
    past = Past(None, None, None, None, None, None, None, is_whole=True)
    found: Past | None = None
    ahead = stretches.backwards(end)
    for number, stretch in enumerate(ahead):
        gatherer = Gatherer(wanted, stop)

        def begun(
            there: Replay, gatherer: Gatherer = gatherer, before: int = stretch.events_before
        ) -> Iterator[None]:
            gatherer.begin(there, before)
            yield

        yield Progress(number, len(ahead), "parts of the run looked through")
        yield from stretches.hear(stretch, gatherer.hear, begun)
        part = gatherer.past(wanted, is_whole=number == len(ahead) - 1)
        found = part if found is None else both(part, found)
        if is_enough(found):
            break
    return past if found is None else found


#: Checkpoints that a packet behind another one is looked for up to.
_AHEAD: Final = 2


def first_behind(
    stretches: Stretches, end: Point, stop: PacketVerdict, key: bytes
) -> Slices[PacketVerdict | None]:
    """The first packet with this key behind the packet `stop`, which stands at `end`; not far."""
    branch = stretches.branch
    later = [saved.point for saved in branch.saved if end < saved.point][:_AHEAD]
    until = later[-1] if len(later) == _AHEAD else branch.end
    found: list[PacketVerdict] = []
    is_behind = False

    def hear(event: TraceEvent) -> None:
        nonlocal is_behind
        if isinstance(event, PacketVerdict):
            if is_behind and event.key == key:
                found.append(event)
            is_behind = is_behind or event == stop

    yield from stretches.hear(Stretch(branch.nearest(end), until), hear)
    return found[0] if found else None
