"""What there is to see of the workers' lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.types import rig_of
from aclbench.workbench.grammar import (
    ArgumentError,
    ArgumentType,
    Candidate,
    Command,
    ParsedCommand,
    integer,
)
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.clock import TIME_MODES, TimeMode
from aclbench.workbench.views.snapshot import DEFAULT_WINDOW, ListView, Snapshot, View, WorkerView
from aclbench.workbench.views.times import seconds_text

MAX_ROWS: Final = 2000

ROWS: Final = integer("rows", 1, MAX_ROWS, f"how many to show, 1 to {MAX_ROWS:,}")

# --- lists ----------------------------------------------------------------------------------


def _names(rig: Rig) -> dict[str, int]:
    """Threads by name, and workers by VPP's number."""
    workers = range(rig.machine.am.n_workers)
    found = {"vpp_main": 0} | {f"vpp_wk_{n}": n + 1 for n in workers}
    return found | {str(n): n + 1 for n in workers}


def _parse_worker(text: str, context: Any) -> int:
    names = _names(rig_of(context))
    if text not in names:
        known = ", ".join(name for name in names if not name.isdecimal())
        raise ArgumentError(f"worker {text[:32]} does not exist; this bench has {known}")
    return names[text]


def _complete_worker(prefix: str, context: Any) -> Iterable[Candidate]:
    return [
        Candidate(n, f"thread {t}") for n, t in _names(rig_of(context)).items() if not n.isdecimal()
    ]


WORKER: Final = ArgumentType(
    "worker", "a thread: vpp_wk_0 or its number 0, vpp_main", _parse_worker, _complete_worker
)


def _parse_list(text: str, context: Any) -> int:
    names = rig_of(context).machine.am.lists
    found = [name for name in names if name.startswith(text)]
    if len(found) != 1 and text not in names:
        raise ArgumentError(f"there is no list {text[:32]}; this bench has {', '.join(names)}")
    return names.index(text if text in names else found[0])


def _complete_list(prefix: str, context: Any) -> Iterable[Candidate]:
    am = rig_of(context).machine.am
    return [
        Candidate(name, each.what) for name, each in zip(am.lists, am.timeout_classes, strict=False)
    ]


LIST: Final = ArgumentType(
    "list", "a list of sessions by name, as the design has it", _parse_list, _complete_list
)


def _view(parsed: ParsedCommand) -> View:
    """What a line asks for."""
    worker, size = parsed.arguments.get("worker"), parsed.arguments.get("rows", DEFAULT_WINDOW)
    list_id = parsed.arguments.get("list")
    return View(
        threads=None if worker is None else (worker,),
        lists=None if list_id is None else (list_id,),
        anchor="head" if "head" in parsed.words else "tail" if "tail" in parsed.words else "ends",
        size=size,
    )


def _threads(snapshot: Snapshot, view: View) -> list[WorkerView]:
    """Those that were named, else those that carry packets."""
    return [each for each in snapshot.workers if view.threads or each.carries_packets]


def lists(bench: Bench, parsed: ParsedCommand) -> str:
    """The workers' lists, the ends of each unless told otherwise."""
    view = _view(parsed)
    snapshot = bench.snapshot(view)
    lines: list[str] = []
    for thread in _threads(snapshot, view):
        count = f"{thread.sessions:,} session{'s'[: thread.sessions != 1]}"
        lines.append(f"{thread.name}: {count}, at {bench.rig.clock.text(thread.now)}")
        for each in thread.lists:
            lines += _list_lines(bench, snapshot, each, view.anchor == "tail", thread.now)
    return "\n".join(lines)


def lists_data(bench: Bench, parsed: ParsedCommand) -> dict[str, Any]:
    """The same as plain values; times are virtual nanoseconds, `started` is when the run began."""
    view = _view(parsed)
    threads = _threads(bench.snapshot(view), view)
    return {
        "started": bench.started,
        "workers": [
            {
                "thread_index": thread.thread_index,
                "name": thread.name,
                "now": thread.now,
                "sessions": thread.sessions,
                "lists": [asdict(each) for each in thread.lists],
            }
            for thread in threads
        ],
    }


def _list_lines(
    bench: Bench, snapshot: Snapshot, each: ListView, at_tail: bool, now: int
) -> list[str]:
    """A list: its ends, then its sessions, and how many are left out where."""
    if not each.length:
        return [f"  {each.name}: empty"]
    head = f"  {each.name}: {each.length:,}, head {each.head}, tail {each.tail}"
    if each.head_expiry_time is not None:
        head += f", head due at {bench.rig.clock.text(each.head_expiry_time)}"
    lines = [head]
    left_out = f"    ... {each.length - len(each.sessions):,} more"
    missing = each.length > len(each.sessions)
    before: int | None = -1
    if missing and at_tail:
        lines.append(left_out)
        missing, before = False, None
    for session in each.sessions:
        if missing and session.position != (before or 0) + 1 and before != -1:
            lines.append(left_out)
            missing = False
        before = session.position
        moved = f", {session.class_name} now" if session.timeout_class != each.list_id else ""
        lines.append(
            f"    session {session.session_index}: {session.connection} on "
            f"{bench.rig.interface_name(session.sw_if_index)}, idle {_length(session.idle)}, "
            f"check due at {bench.rig.clock.text(session.check_due)}, "
            f"expires at {bench.rig.clock.text(session.expires)}{moved}"
        )
    return [*lines, left_out] if missing else lines


def _length(ns: int) -> str:
    """Another thread's packet may be a moment ahead of the clock."""
    return seconds_text(max(ns, 0))


# --- times ----------------------------------------------------------------------------------


def time(bench: Bench, parsed: ParsedCommand) -> str:
    """Say how times are written, or have them written otherwise, everywhere."""
    bench.rig.first_packet()
    mode = next((mode for mode in TIME_MODES if mode in parsed.words), bench.rig.time_mode)
    bench.rig.time_mode = mode
    clock = bench.rig.clock
    start = clock.start_sentence()
    if not clock.has_day and not start and mode != "relative":
        start = "no capture tells the time of day here: until one does they are from the start"
    return "\n".join(line for line in (TIMES_ARE[mode], start) if line)


TIMES_ARE: Final[dict[TimeMode, str]] = {
    "relative": "times are from the start of the run; a time of day that is typed is UTC",
    "utc": "times are UTC, by the capture's clock",
    "local": "times are local, by the capture's clock and this computer's zone",
}
GROUP: Final = "looking"
TYPES: Final = (ROWS, WORKER, LIST)
COMMANDS: Final = (
    Command(
        f"time [{'|'.join(TIME_MODES)}]",
        time,
        "how times are written, everywhere: from the start, or by the capture's clock",
        "A time of day that is typed without a zone is in the one that is shown.",
        GROUP,
        changes=False,
    ),
    Command(
        "lists [<worker>] [<list>] [(head|tail) <rows>]",
        lists,
        "each worker's lists of sessions, from head to tail",
        "",
        GROUP,
        changes=False,
        data=lists_data,
    ),
)
