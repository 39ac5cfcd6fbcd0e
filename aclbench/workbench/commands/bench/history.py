"""aclbench's own commands of the history: back, forward, branches, differences, files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine.counts import EVENT_KINDS
from aclbench.errors import CommandError
from aclbench.files import refuse_there
from aclbench.words import counted
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.bench.reaching import (
    TIMES_HELP,
    go_to_end,
    go_to_packet,
    go_to_time,
    going_to_time,
    moment_of,
    where_text,
)
from aclbench.workbench.grammar import Command, ParsedCommand
from aclbench.workbench.history.moving import UNITS, Unit
from aclbench.workbench.tasks import Progress, Slices
from aclbench.workbench.views.events import event_data, event_line

if TYPE_CHECKING:  # what answers is imported when it is asked
    from aclbench.workbench.inquiry.events import EventsFound

#: Lines that one command prints at most; what is left out is said.
MAX_LINES: Final = 2000
#: Events that are given as data at most.
MAX_DATA: Final = 100_000


def _unit(parsed: ParsedCommand) -> Unit:
    for unit in UNITS:
        if unit in parsed.words or f"{unit}s" in parsed.words:
            return unit
    return "step"


def _moved(bench: Bench, done: int, wanted: int, unit: str, end: str) -> str:
    short = "" if done == wanted else f" ({counted(done, unit)} to {end})"
    return where_text(bench) + short


def back(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """Go back."""
    count, unit = parsed.arguments.get("number", 1), _unit(parsed)
    done = yield from bench.travel.going_back(count, unit)
    return _moved(bench, done, count, unit, "the start")


def forward(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """Go forward again."""
    count, unit = parsed.arguments.get("number", 1), _unit(parsed)
    done = yield from bench.travel.going_forward(count, unit)
    return _moved(bench, done, count, unit, "the end")


def goto(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """Go to a packet, an event, a time, the start, or the end of the captures."""
    assert bench.past  # or it says why not
    if "packet" in parsed.words:
        yield from go_to_packet(bench, parsed.arguments["number"])
    elif "event" in parsed.words:
        yield from bench.travel.going_to(parsed.arguments["number"])
    elif "start" in parsed.words:
        yield from bench.travel.going_to(bench.past.branch.starts[0])
    elif "end" in parsed.words:
        yield from go_to_end(bench)
    else:
        moment = moment_of(parsed)
        if "time" not in parsed.words and moment.text.isdecimal():
            number = moment.text
            raise CommandError(
                f"{number}: a time is `goto +{number}`, a packet `goto packet {number}`"
            )
        found = yield from bench.rig.finding_time(moment)
        return (yield from going_to_time(bench, found, go_to_time(bench, found.ns)))
    return where_text(bench)


def branch(bench: Bench, parsed: ParsedCommand) -> str:
    """Begin a branch here."""
    bench.past.open_branch(parsed.arguments["name"])
    return where_text(bench)


def branches(bench: Bench, parsed: ParsedCommand) -> str:
    """List the branches; a star is where the bench stands."""
    lines = []
    for view in bench.past.branch_views():
        star = "*" if view.current else " "
        origin = f", from {view.parent}" if view.parent else ""
        end = bench.rig.clock.text(view.end_time)
        lines.append(f"{star} {view.name}: {counted(view.packets, 'packet')}, to {end}{origin}")
    return "\n".join(lines)


def switch(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """Go to the end of another branch."""
    yield from bench.travel.switching(parsed.arguments["name"])
    return where_text(bench)


def compare(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """Who would notice that the run went to another place, and the figures of both."""
    from aclbench.workbench.inquiry.comparing import comparing

    first, second = parsed.arguments["first"], parsed.arguments["second"]
    return "\n".join((yield from comparing(bench.past, first, second)))


def diff(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """What differs between two places: who would notice, then field by field."""
    from aclbench.workbench.inquiry.diff import diff as diff_of

    first, second = parsed.arguments["first"], parsed.arguments["second"]
    found = yield from diff_of(bench.past, first, second)
    return _limited(found.lines) or "no difference"


def _events_found(bench: Bench, parsed: ParsedCommand, most: int) -> Slices[EventsFound]:
    """The first so many of the trace events between two places that are wanted."""
    from aclbench.workbench.inquiry.events import (
        EventFilter,
        EventsFound,
        events_between,
        events_kept,
    )

    kinds = tuple(kind for kind in EVENT_KINDS if kind.replace(" ", "-") in parsed.words)
    thread: int | None = None
    if "thread" in parsed.words:
        thread = parsed.arguments["number"][-1]
        threads = len(bench.rig.machine.am.workers)
        if thread >= threads:
            raise CommandError(f"there is no thread {thread}; this bench has 0 to {threads - 1}")
    session: tuple[int, int] | None = None
    if "session" in parsed.words:
        owner, _, index = parsed.arguments["session"][-1].partition("/")
        if not (owner.isdecimal() and index.isdecimal() and len(owner + index) < 18):
            raise CommandError("a session is named by thread and index, such as 1/5")
        session = int(owner), int(index)
    only = EventFilter(kinds, thread, session)
    first, last = parsed.arguments.get("first", "start"), parsed.arguments.get("last", "now")
    if bench.kept is None:
        return (yield from events_between(bench.past, first, last, only, most))
    heard = events_kept(bench.kept, bench.rig.clock, first, last)
    heard = [event for event in heard if only.lets_through(event)]
    return EventsFound(heard[:most], max(len(heard) - most, 0))


def events(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """The first trace events between two places."""
    found, left_out = yield from _events_found(bench, parsed, MAX_LINES)
    lines = [event_line(event, bench.rig.clock, bench.rig) for event in found]
    if left_out != 0:
        lines.append(_left_out("more" if left_out is None else f"{left_out:,} more"))
    return "\n".join(lines) or "no such event"


def events_data(bench: Bench, parsed: ParsedCommand) -> Slices[list[dict[str, Any]]]:
    """The same as plain values; times are from the start of the run, in nanoseconds.

    CommandError: there are too many.
    """
    found, left_out = yield from _events_found(bench, parsed, MAX_DATA)
    if left_out != 0:
        raise CommandError(
            f"that are more than {MAX_DATA:,} events; ask for a shorter stretch (events from "
            "PLACE to PLACE), or for some kinds"
        )
    data: list[dict[str, Any]] = []
    for event in found:
        data.append(event_data(event, bench.started, bench.rig))
        if not len(data) % MAX_LINES:
            yield Progress(len(data), len(found), "events")
    return data


def writers(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """Every step that changed a field."""
    from aclbench.workbench.inquiry.writers import writers as writers_of

    found = yield from writers_of(bench.past, parsed.arguments["rest"])
    lines = [
        f"{bench.rig.clock.text(w.point.time)} {w.who}, {w.what}: {w.old} > {w.new}" for w in found
    ]
    return _limited(lines) or "nothing has changed it"


def save(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """Write the run to a file, or the configuration."""
    from aclbench.workbench.history.runfile import SUFFIX as RUN_SUFFIX
    from aclbench.workbench.history.runfile import saving
    from aclbench.workbench.rig.configuration import SUFFIX as CLI_SUFFIX
    from aclbench.workbench.rig.configuration import save_configuration

    name = parsed.arguments["file"]
    path = Path(name)
    if path.suffix not in (CLI_SUFFIX, RUN_SUFFIX):
        raise CommandError(f"{name}: a run file ends in .run, a file of commands in .cli")
    if path.suffix == CLI_SUFFIX and "with-captures" in parsed.words:
        raise CommandError(f"{name}: commands take no captures along; a .run file does")
    is_there = os.path.lexists(path)  # if not, there may be no folder to make it absolute by
    if is_there and "force" not in parsed.words and path.absolute() not in bench.saved:
        refuse_there(path, f"`save {name} force`")
    if path.suffix == CLI_SUFFIX:
        save_configuration(bench.rig, path)
    else:
        yield from saving(bench.past, path, with_captures="with-captures" in parsed.words)
    bench.saved.add(path.absolute())
    return f"saved {name}"


def load(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """Become what a run file or a scenario holds."""
    from aclbench.workbench.opening import opened

    start = bench.rig.start._replace(seed=0, order=None)
    if isinstance(bench.rig.driver, ThreadedDriver):
        start = start._replace(order=bench.rig.start.order, speed=bench.rig.driver.speed)
    yield from bench.becoming(*(yield from opened(parsed.arguments["file"], start, bench.lines)))
    return where_text(bench)


def _limited(lines: list[str]) -> str:
    """Not more than a person reads."""
    if len(lines) > MAX_LINES:
        left_out = len(lines) - MAX_LINES
        lines = [*lines[:MAX_LINES], _left_out(f"{left_out:,} more")]
    return "\n".join(lines)


def _left_out(how_many: str) -> str:
    return f"... and {how_many}: ask for a shorter stretch"


_UNIT: Final = "(step|steps|turn|turns|event|events|packet|packets)"
_KIND: Final = "|".join(kind.replace(" ", "-") for kind in EVENT_KINDS)
GROUP: Final = "history"
_EVENTS: Final = Command(
    "events [from <word:first>] [to <word:last>] "
    f"{{{_KIND}|thread <number>|session <word:session>}}",
    events,
    "the trace events of a stretch, made again; from the start to now unless told",
    group=GROUP,
    changes=False,
    data=events_data,
)
_MOVES_AND_QUESTIONS: Final = tuple(
    Command(syntax, handler, summary, details, GROUP, changes=False)
    for syntax, handler, summary, details in (
        (f"back [<number>] [{_UNIT}]", back, "go back, one named step unless told otherwise", ""),
        (f"forward [<number>] [{_UNIT}]", forward, "go forward again along the branch", ""),
        (
            "goto ((packet <number>)|(event <number>)|([time] <time>)|start|end)",
            goto,
            "go to a place of the run, back or ahead; end is the captures' last packet",
            TIMES_HELP,
        ),
        ("branch <word:name>", branch, "begin a branch here; acting in the past does, too", ""),
        ("branches", branches, "list the branches", ""),
        ("switch <word:name>", switch, "go to the end of another branch", ""),
        (
            "compare <word:first> <word:second>",
            compare,
            "who would notice the second of two places, and the figures of both",
            "Of the packets that both have; places as in diff: main branch-1, main@+2.5 now",
        ),
        (
            "diff <word:first> <word:second>",
            diff,
            "what differs between two places: who would notice, then field by field",
            "A place is now, start, end, a branch, #17 (behind a packet), +2.5 (seconds from the\n"
            "start), or one of the last on a branch: main@+2.5",
        ),
        (
            "writers <rest>",
            writers,
            "every step that changed a field, back to the start",
            "A field is named as `cleaner wait_interval`, `vpp_wk_0 interrupt_is_needed` or\n"
            "`session 1/5 tcp_flags_seen_in`",
        ),
    )
)
COMMANDS: Final = (
    _EVENTS,
    *_MOVES_AND_QUESTIONS,
    Command(
        "save <file> {with-captures|force}",
        save,
        "write the run to a .run file, for `load`, or the configuration to a .cli file",
        "A .cli file has the commands that make this configuration on a fresh bench.\n"
        "A file that is there already is overwritten if this run saved it, else with `force`.",
        GROUP,
        changes=False,
        reach="outside",
    ),
    Command(
        "load <file>",
        load,
        "go on with a .run file, or begin a scenario file",
        group=GROUP,
        changes=False,
        reach="outside",
    ),
)
