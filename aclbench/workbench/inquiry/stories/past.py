"""What stories make of the past: events put into words, each with its place in the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.packet import INFO_TCP_FLAGS_MASK
from aclbench.workbench.inquiry.excursion import Excursion, Stretch
from aclbench.workbench.inquiry.explain.reading import flag_names
from aclbench.workbench.inquiry.stories.values import PastEvent
from aclbench.workbench.views.events import event_text
from aclbench.workbench.views.verdict import outcome_text

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

#: Hears an event and its number in the run.
Hear = Callable[[TraceEvent, int], None]


def branch_name(bench: Workbench) -> str:
    """The branch that a story is of; empty where there is no history."""
    return bench.history.branch.name if bench.history is not None else ""


def past_event(bench: Workbench, event: TraceEvent, place: int | None) -> PastEvent:
    """An event in words, with the names of the interfaces as they were."""
    text = _packet_text(bench, event) if isinstance(event, PacketVerdict) else None
    if text is None:
        text = event_text(event, bench.interface_name)
    return PastEvent(event.time, event.thread_index, event.kind, text, place)


def _packet_text(bench: Workbench, event: PacketVerdict) -> str:
    """A packet by its number, with its flags and its verdict."""
    feed = bench.feed
    name = feed.packet_name(event.number) if feed is not None else str(event.number)
    flags = "+".join(flag_names(event.info & INFO_TCP_FLAGS_MASK))
    to = f" > {bench.interface_name(event.tx)}" if event.tx >= 0 else ""
    said = f" {flags}" if flags else ""
    return f"{name} {bench.interface_name(event.rx)}{to}{said}: {outcome_text(event)}"


def hear_stretch(
    excursion: Excursion,
    stretch: Stretch,
    hear: Hear,
    begun: Callable[[], Iterator[None]] | None = None,
) -> Iterator[None]:
    """Have the events of a stretch told with their numbers in the run; yields between pieces."""
    number = stretch.events_before

    def count(event: TraceEvent) -> None:
        nonlocal number
        number += 1
        hear(event, number)

    return excursion.hear(stretch, count, begun)
