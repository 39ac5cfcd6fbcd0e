"""What stories make of the past: events put into words, each with its place in the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.packet import INFO_TCP_FLAGS_MASK
from aclbench.workbench.history.history import History
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.inquiry.explain.reading import flag_names
from aclbench.workbench.inquiry.packets import packet_name
from aclbench.workbench.inquiry.stories.values import PastEvent
from aclbench.workbench.inquiry.stretches import Stretch, Stretches
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.events import event_text
from aclbench.workbench.views.verdict import outcome_text

#: Hears an event, the rig on which it happened, and its number in the run.
Hear = Callable[[Rig, TraceEvent, int], None]


def branch_name(history: History | None) -> str:
    """The branch that a story is of; empty where there is no history."""
    return history.branch.name if history is not None else ""


def past_event(rig: Rig, event: TraceEvent, place: int | None) -> PastEvent:
    """An event in words, with the names of the interfaces as they were."""
    text = _packet_text(rig, event) if isinstance(event, PacketVerdict) else None
    if text is None:
        text = event_text(event, rig)
    return PastEvent(event.time, event.thread_index, event.kind, text, place)


def _packet_text(rig: Rig, event: PacketVerdict) -> str:
    """A packet by its number, with its flags and its verdict."""
    name = packet_name(rig, event.number)
    flags = "+".join(flag_names(event.info & INFO_TCP_FLAGS_MASK))
    to = f" > {rig.interface_name(event.tx)}" if event.tx >= 0 else ""
    said = f" {flags}" if flags else ""
    return f"{name} {rig.interface_name(event.rx)}{to}{said}: {outcome_text(event)}"


def hear_stretch(
    stretches: Stretches,
    stretch: Stretch,
    hear: Hear,
    begun: Callable[[Rig], Iterator[None]] | None = None,
) -> Slices[None]:
    """Have the events of a stretch told with their numbers in the run."""
    number, rig = stretch.events_before, None

    def begin(there: Replay) -> Iterator[None]:
        nonlocal rig
        rig = there.rig
        yield
        if begun is not None:
            yield from begun(rig)

    def count(event: TraceEvent) -> None:
        nonlocal number
        assert rig is not None
        number += 1
        hear(rig, event, number)

    yield from stretches.hear(stretch, count, begin)
