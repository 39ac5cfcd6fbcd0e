"""To a packet, a time or the end, along what was done and on where nothing was done yet."""

from __future__ import annotations

from typing import Final

from aclbench.errors import CommandError
from aclbench.words import counted
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.bench.printing import Lines
from aclbench.workbench.commands.bench.slices import run_until
from aclbench.workbench.grammar import ParsedCommand
from aclbench.workbench.inquiry.packets import SENT
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.tasks import Progress, Slices, tidying
from aclbench.workbench.views.clock import Instant
from aclbench.workbench.views.times import Moment, read_moment, seconds_text

TIMES_HELP: Final = (
    "A time is 12.5s or +12.5s from the start, or a time of day of the capture: 12:00:05,\n"
    "12:00:05.25, 2026-11-27 12:00:05, with or without a zone (Z, UTC, +01:00). Without a date\n"
    "it is the first such time since the capture starts; without a zone it is in the one shown\n"
    "(see `time`), UTC where times are relative."
)


def moment_of(parsed: ParsedCommand) -> Moment:
    """The time that a line says, in one word or in several."""
    words = (parsed.arguments.get(name) for name in ("moment", "day", "of-day", "zone", "unit"))
    return read_moment(" ".join(word for word in words if word is not None))


def where_text(bench: Bench) -> str:
    """Where the bench stands, in a line."""
    history, time = bench.history, bench.rig.clock.text(bench.now)
    if history is None:
        return f"at {time}"
    packets = history.cursor.position.packets
    place = "at its end" if history.at_end() else "in the past"
    return f"{history.branch.name}: behind packet {packets}, {time}, {place}"


def unplayed_text(rig: Rig) -> str:
    """What to do where nothing is found since no packet came; empty where some did."""
    if rig.feed is None or rig.driver.packets_handled:
        return ""
    return "no packet has come yet; `run until end` plays the captures"


def going_to_time(bench: Bench, found: Instant, going: Slices[None]) -> Slices[str]:
    """Go to a time; what is to be said of it is said first, where that is known."""
    lines, ahead = Lines(bench), (yield from silence_ahead(bench.rig, found.ns))
    for line in (found.note, ahead):
        if line:
            lines.add(line)
    yield from going
    if not ahead and (silence := silence_text(bench.rig, found.ns)):
        lines.add(silence)
    return lines.text(where_text(bench))


def silence_ahead(rig: Rig, time: int) -> Slices[str]:
    """What a time behind the last packet means, as seen by a look ahead; empty for another.

    Through a pipe nothing is known ahead.
    """
    feed = rig.feed
    if feed is not None and (feed.extent.end is None or feed.extent.end < time):
        yield from feed.measuring(lambda packets, end: end >= time)
    return silence_text(rig, time)


def silence_text(rig: Rig, time: int) -> str:
    """What a time behind the last packet means; empty for one that is not known to be so."""
    end = rig.captures_end
    if end is None or time <= end:
        return ""
    at, last = rig.clock.text(time), rig.clock.text(end)
    return (
        f"{at} is {seconds_text(time - end)} after the last packet, which came at {last}; until "
        "then the machine goes on in silence"
    )


# --- on, along the branch and beyond ---------------------------------------------------------


def run_to_packet(bench: Bench, number: int) -> Slices[None]:
    """On to right behind the n-th packet of the run. CommandError: it is behind, or there is none.

    Whoever stops it has what was reached.
    """
    handled = bench.rig.driver.packets_handled
    if number <= handled and number:
        raise CommandError(
            f"packet {number:,} is behind us, {counted(handled, 'packet')} have come; "
            f"`goto packet {number}` goes back"
        )
    if bench.history is None or bench.history.at_end():
        yield from _refuse_beyond(bench.rig, number)
    elif number > bench.history.branch.end.position.packets:
        there = yield from bench.history.at(bench.history.branch.end)
        try:
            yield from _refuse_beyond(there.rig, number)
        finally:
            there.rig.close()
    yield from _play(bench, number - handled)
    if bench.rig.driver.packets_handled < number:  # through a pipe nothing is known ahead
        raise CommandError(_beyond_text(number, bench.rig.driver.packets_handled))


def run_to_end(bench: Bench) -> Slices[None]:
    """On to the last packet of the captures."""
    if bench.rig.feed is None:
        raise CommandError("there is no capture to play here; `run 10s` lets time pass")
    yield from _play(bench, None)


def _play(bench: Bench, count: int | None) -> Slices[None]:
    """On by so many packets, or to the last one; says how far it is."""
    driver, feed = bench.rig.driver, bench.rig.feed
    first = driver.packets_handled
    for _ in bench.transport.playing(count):
        done = bench.rig.driver.packets_handled - first
        if count is not None:
            yield Progress(done, count, "packets")
        elif feed is not None:
            yield _so_far(bench.rig, done)


def _so_far(rig: Rig, done: int) -> Progress:
    """How far it is to the captures' last packet: how many there are, or what part was read."""
    feed = rig.feed
    assert feed is not None
    if feed.extent.packets is not None:
        left = feed.extent.packets - feed.read + rig.unhandled
        return Progress(done, done + left, "packets")
    read, size = feed.progress
    share = f", {100 * read // size} % of what there is" if size else ""
    return Progress(done, 0, f"packets{share}")


def _refuse_beyond(rig: Rig, number: int) -> Slices[None]:
    """CommandError: the captures end before so many packets of the run, as seen by a look ahead."""
    waiting = sum(len(frame) for frame in rig.driver.arrivals.frames)
    handled, feed = rig.driver.packets_handled, rig.feed
    if feed is None:
        if handled + waiting < number:
            raise CommandError(_beyond_text(number, handled + waiting))
        return
    wanted = feed.read + number - handled - waiting
    if (yield from feed.measuring(lambda packets, time: packets >= wanted)):
        return
    if feed.extent.packets is not None:
        raise CommandError(_beyond_text(number, number - wanted + feed.extent.packets))


def _beyond_text(number: int, there: int) -> str:
    if not there:
        return f"there is no packet {number:,}: this run has had none, and none is to come"
    return (
        f"there is no packet {number:,}: with all its captures this run has "
        f"{counted(there, 'packet')}; `goto end` goes behind the last"
    )


def play_to_named(bench: Bench, source: str, number: int) -> Slices[None]:
    """On until a packet of the captures has come, if it has not: by its number in its capture.

    From the end of the branch on. Of several captures all is played, for only then it is known
    which of them have such a packet.
    """
    feed = bench.rig.feed
    if feed is None or source == SENT:
        return
    there = bench.rig
    if not bench.past.at_end():
        replay = yield from bench.past.at(bench.past.branch.end)
        there = replay.rig
    assert there.feed is not None
    waiting = sum(len(frame) for frame in there.driver.arrivals.frames)
    missing = number - (there.feed.read - waiting)
    is_over = there.captures_ended
    if there is not bench.rig:
        there.close()
    if is_over or (missing <= 0 and len(feed.captures) == 1):
        return
    if len(feed.captures) == 1:
        is_there = yield from feed.measuring(lambda packets, time: packets >= number)
        if not is_there and feed.extent.packets is not None:
            return  # whoever asks says what there is
    yield from _to_branch_end(bench)
    yield from _play(bench, missing if len(feed.captures) == 1 else None)


# --- back, or on -----------------------------------------------------------------------------


def go_to_packet(bench: Bench, number: int) -> Slices[None]:
    """To right behind the n-th packet of the run, played or not; 0 is the start."""
    if number <= bench.past.branch.end.position.packets:
        yield from bench.travel.going_to_packet(number)
        return
    there = yield from bench.past.at(bench.past.branch.end)
    yield from _refuse_beyond(there.rig, number)
    yield from tidying(bench.take(there).closing())
    yield from run_to_packet(bench, number)


def go_to_time(bench: Bench, time: int) -> Slices[None]:
    """To a time of the run, played or not; the clock stands at it."""
    if time <= bench.past.branch.end.time:
        yield from bench.travel.going_to_time(time)
        return
    yield from _to_branch_end(bench)
    yield from run_until(bench, time)


def go_to_end(bench: Bench) -> Slices[None]:
    """To the last packet of the captures: back, along the branch, or on from its end.

    Without captures to the end of the branch.
    """
    last = bench.rig.captures_end
    if last is not None and last < bench.past.branch.end.time:
        yield from bench.travel.going_to_time(last)
        return
    yield from _to_branch_end(bench)
    if bench.rig.feed is not None:
        yield from _play(bench, None)


def _to_branch_end(bench: Bench) -> Slices[None]:
    if not bench.past.at_end():
        yield from bench.travel.going_to(bench.past.branch.end)
