"""aclbench's own commands that let time go on: step, choose, run, play, reset."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from aclbench.drivers.driver import actor_name
from aclbench.engine.events import TraceEvent
from aclbench.engine.timeouts import NEVER
from aclbench.errors import CommandError
from aclbench.words import counted
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.bench.printing import Lines
from aclbench.workbench.commands.bench.reaching import (
    TIMES_HELP,
    going_to_time,
    moment_of,
    run_to_end,
    run_to_packet,
    where_text,
)
from aclbench.workbench.commands.bench.slices import play_until_seen, refuse_running, run_until
from aclbench.workbench.commands.types import rig_of
from aclbench.workbench.grammar import ArgumentError, ArgumentType, Candidate, Command
from aclbench.workbench.grammar import ParsedCommand as Parsed
from aclbench.workbench.rig.rig import TOO_LATE, Rig
from aclbench.workbench.tasks import Progress, Slices
from aclbench.workbench.views.events import event_line

#: Steps that one command takes at most.
MAX_STEPS: Final = 100_000
#: Packets between two looks at the keyboard while events are printed.
PLAY_SLICE_PACKETS: Final = 256

# --- one step at a time ---------------------------------------------------------------------


def _actors_of(rig: Rig) -> list[str]:
    threads = range(rig.machine.am.n_workers + 1)
    return [actor_name(actor) for actor in (-1, *threads)]


def _parse_actor(text: str, context: Any) -> str:
    if text in _actors_of(rig_of(context)):
        return text
    raise ArgumentError(
        f"there is no actor {text[:64]}; this bench has {', '.join(_actors_of(rig_of(context)))}"
    )


def _complete_actor(prefix: str, context: Any) -> Iterable[Candidate]:
    rig = rig_of(context)
    for actor in [] if rig.is_threaded else rig.stepped.next_actors():
        yield Candidate(actor_name(actor), "can take the next step")


ACTOR: Final = ArgumentType(
    "actor", "who takes a step: cleaner, vpp_main, vpp_wk_0, ...", _parse_actor, _complete_actor
)


def _refuse_idle(bench: Bench, actor: str) -> None:
    """CommandError: an actor has nothing to do, so it can take no step."""
    able = [actor_name(n) for n in bench.rig.stepped.next_actors()]
    if actor not in able:
        raise CommandError(
            f"{actor} has nothing to do next; these have: {', '.join(able) or 'nobody'}"
        )


def choose(bench: Bench, parsed: Parsed) -> str:
    """Remember who takes the next step."""
    actor = parsed.arguments["actor"]
    _refuse_idle(bench, actor)
    bench.transport.chosen = actor
    return f"{actor} takes the next step"


def step(bench: Bench, parsed: Parsed) -> Slices[str]:
    """Take named steps; those of one actor, if one is named or chosen, as long as he has any."""
    assert bench.rig.stepped  # or it says why not
    count = parsed.arguments.get("number", 1)
    if not 1 <= count <= MAX_STEPS:
        raise CommandError(f"{count} steps: from 1 to {MAX_STEPS:,} at a time are right")
    actor = parsed.arguments.get("actor", bench.transport.chosen)
    if actor is not None:
        _refuse_idle(bench, actor)
    bench.transport.chosen = None
    lines = Lines(bench)
    for done in range(count):
        if actor is not None and actor not in map(actor_name, bench.rig.stepped.next_actors()):
            lines.add(f"{actor} has nothing more to do after {counted(done, 'step')}")
            break
        yield from bench.rig.awaiting_packets()
        taken = yield from bench.transport.stepping(actor)
        if taken is None:
            lines.add("nothing is left to do")
            break
        time = bench.rig.clock.text(taken.time)
        lines.add(f"{time} {actor_name(taken.actor)}: {taken.step}")
        yield Progress(done + 1, count, "steps")
    return lines.text()


# --- run ------------------------------------------------------------------------------------


def run_for(bench: Bench, parsed: Parsed) -> Slices[str]:
    """Let time pass."""
    refuse_running(bench)
    yield from run_until(bench, _not_too_late(bench.now + parsed.arguments["duration"]))
    return where_text(bench)


def run_to(bench: Bench, parsed: Parsed) -> Slices[str]:
    """Run to a time, a packet, or the end of the captures, that are still to come."""
    refuse_running(bench)
    if "packet" in parsed.words:
        yield from run_to_packet(bench, parsed.arguments["number"])
        return where_text(bench)
    if "end" in parsed.words:
        yield from run_to_end(bench)
        return where_text(bench)
    found = yield from bench.rig.finding_time(moment_of(parsed))
    if found.ns < bench.now:
        there, now = map(bench.rig.clock.text, (found.ns, bench.now))
        raise CommandError(f"{there} is behind us, it is {now}; `goto {there}` goes back")
    return (yield from going_to_time(bench, found, run_until(bench, found.ns)))


def _not_too_late(until: int) -> int:
    if until >= NEVER:
        raise CommandError(TOO_LATE)
    return until


# --- play -----------------------------------------------------------------------------------


def play(bench: Bench, parsed: Parsed) -> Slices[str]:
    """Run on to the last packet; what happens is printed, not kept."""
    refuse_running(bench)
    if bench.rig.feed is None:
        raise CommandError("there is no capture to play here; `run 10s` lets time pass")
    lines = Lines(bench)
    heard: list[TraceEvent] = []

    def print_heard() -> bool:
        for event in heard:
            lines.add(event_line(event, bench.rig.clock, bench.rig))
        heard.clear()
        return False

    # Printed between slices: what a terminal refuses must not end a packet half way.
    with bench.listeners.with_listener(heard.append):
        yield from play_until_seen(bench, print_heard, PLAY_SLICE_PACKETS)
    error = bench.capture_error
    return lines.text(where_text(bench) if error is None else f"{where_text(bench)}\n{error}")


# --- reset ----------------------------------------------------------------------------------


def reset(bench: Bench, parsed: Parsed) -> Slices[str]:
    """Become the bench that this one was at its start."""
    refuse_running(bench)
    yield from bench.becoming((yield from bench.rig_at_start()))
    return where_text(bench)


GROUP: Final = "running"
TYPES: Final = (ACTOR,)
_RUNS: Final = tuple(
    Command(syntax, handler, summary, details, GROUP, changes=False)
    for syntax, handler, summary, details in (
        (
            "step [<number>] [<actor>]",
            step,
            "take a named step, of an actor or of whose turn it is",
            "Of an actor at most as many as he has to take.",
        ),
        ("choose <actor>", choose, "choose who takes the next step", ""),
        ("run <duration>", run_for, "let time pass: run 10s, run 500ms", ""),
        (
            "run until ((packet <number>)|end|<time>)",
            run_to,
            "run to a time, to right behind a packet, or to the captures' last packet",
            TIMES_HELP,
        ),
        ("play", play, "run to the last packet and print what happens; Ctrl-C ends it", ""),
    )
)
COMMANDS: Final = (
    *_RUNS,
    Command(
        "reset",
        reset,
        "begin anew: the bench as it was at its start, without a past",
        group=GROUP,
        changes=False,
        reach="outside",
    ),
)
