"""aclbench's own commands that look for what happens: `run until expired`, `back until denied`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aclbench.engine.events import (
    ClassChanged,
    PacketVerdict,
    SessionAdded,
    SessionDeleted,
    SessionRecycled,
    SessionRequeued,
    TraceEvent,
    WaitChanged,
)
from aclbench.engine.reasons import fate_of
from aclbench.engine.timeouts import NEVER
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.bench.reaching import where_text
from aclbench.workbench.commands.bench.slices import play_until_seen, refuse_running, run_until_seen
from aclbench.workbench.grammar import Command
from aclbench.workbench.grammar import ParsedCommand as Parsed
from aclbench.workbench.history.moving import at_event
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.events import event_line

IsIt = Callable[[TraceEvent], bool]


def is_added(event: TraceEvent) -> bool:
    return isinstance(event, SessionAdded)


def is_class_change(event: TraceEvent) -> bool:
    return isinstance(event, ClassChanged)


def is_requeued(event: TraceEvent) -> bool:
    return isinstance(event, SessionRequeued)


def is_expired(event: TraceEvent) -> bool:
    return isinstance(event, SessionDeleted) and not (event.cleared or event.reclassified)


def is_recycled(event: TraceEvent) -> bool:
    return isinstance(event, SessionRecycled)


def is_cleared(event: TraceEvent) -> bool:
    return isinstance(event, SessionDeleted) and event.cleared


def is_denied(event: TraceEvent) -> bool:
    return isinstance(event, PacketVerdict) and fate_of(event.reason) == "denied"


def is_interval(event: TraceEvent) -> bool:
    return isinstance(event, WaitChanged)


def is_mark(event: TraceEvent) -> bool:
    return any(is_it(event) for word, is_it in _KINDS.items() if word not in ("mark", "interval"))


#: What can be looked for, by its word: the marks of the timeline, any of them, and a change of
#: the cleaner's wait interval.
_KINDS: Final[dict[str, IsIt]] = {
    "added": is_added,
    "class-change": is_class_change,
    "requeued": is_requeued,
    "expired": is_expired,
    "recycled": is_recycled,
    "cleared": is_cleared,
    "denied": is_denied,
    "mark": is_mark,
    "interval": is_interval,
}


def _wanted(parsed: Parsed) -> str:
    return next(word for word in parsed.words if word in _KINDS)


def run_until_event(bench: Bench, parsed: Parsed) -> Slices[str]:
    """Run up to the packet or turn with the next event of a kind, and print that event."""
    refuse_running(bench)
    word = _wanted(parsed)
    found = (yield from _event_ahead(bench, word)) or (yield from _event_to_come(bench, word))
    if found is None:
        return f"no more {word} to come; {where_text(bench)}"
    return f"{_line(bench, found)}\n{where_text(bench)}"


def _event_to_come(bench: Bench, word: str) -> Slices[TraceEvent | None]:
    """Run where nothing was done yet, up to such an event, or as far as there is anything due."""
    is_it = _KINDS[word]
    heard: list[TraceEvent] = []

    def hear(event: TraceEvent) -> None:
        if is_it(event):
            heard.append(event)
            bench.transport.stop()

    with bench.listeners.with_listener(hear):
        if word == "denied" or not bench.is_threaded:
            yield from play_until_seen(bench, lambda: bool(heard))
        if not heard and word != "denied":  # which takes packets
            yield from run_until_seen(bench, NEVER, lambda: bool(heard))
    return heard[0] if heard else None


def _event_ahead(bench: Bench, word: str) -> Slices[TraceEvent | None]:
    """In the past: go to the next such event of the branch, or, if there is none, to its end."""
    history = bench.history
    if history is None or history.at_end():
        return None
    from aclbench.workbench.inquiry.events import first_ahead

    found = yield from first_ahead(history, _KINDS[word])
    yield from bench.travel.going_to(history.branch.end if found is None else found[0])
    return None if found is None else found[1]


def back_until_event(bench: Bench, parsed: Parsed) -> Slices[str]:
    """Go back to right behind the last event of a kind that is behind us."""
    from aclbench.workbench.inquiry.events import last_behind

    word = _wanted(parsed)
    history = bench.past
    here = history.branch.canonical(history.cursor)[:2]
    before = NEVER
    while (found := (yield from last_behind(history, _KINDS[word], before))) is not None:
        before, event = found
        there = yield from at_event(history, before)
        # The step behind which we stand may have made several: these are not behind us.
        if history.branch.canonical(there.cursor)[:2] < here:
            yield from bench.take(there).closing()
            return f"{_line(bench, event)}\n{where_text(bench)}"
        yield from there.rig.closing()
    yield from bench.travel.going_to(history.branch.starts[0])
    return f"no {word} before that; {where_text(bench)}"


def _line(bench: Bench, event: TraceEvent) -> str:
    return event_line(event, bench.rig.clock, bench.rig)


_WORDS: Final = "|".join(_KINDS)
COMMANDS: Final = (
    Command(
        f"run until ({_WORDS})",
        run_until_event,
        "run to the next event of a kind, and stop right behind it",
        "Behind the packet or turn that it happened in, in the past behind the step; on real\n"
        "threads a little later. A mark is any of those before it;\n"
        "interval is a change of the cleaner's wait interval.",
        "running",
        changes=False,
    ),
    Command(
        f"back until ({_WORDS})",
        back_until_event,
        "go back to right behind the last event of a kind",
        "",
        "history",
        changes=False,
    ),
)
