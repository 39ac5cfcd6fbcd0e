"""What there is to see: the packets of the run so far, and the workers' lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any, Final

from aclbench.engine.events import PacketVerdict
from aclbench.engine.packet import PROTO_TCP, PROTO_UDP, unpack_key
from aclbench.engine.reasons import FATES, fate_of
from aclbench.errors import CommandError
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.columns import table_lines
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
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.events import seconds_text
from aclbench.workbench.views.snapshot import DEFAULT_WINDOW, ListView, Snapshot, View
from aclbench.workbench.views.verdict import verdict_text

#: Packets that `packets` shows unless told otherwise.
DEFAULT_PACKETS: Final = 100
MAX_ROWS: Final = 2000
Want = Callable[[PacketVerdict], bool]

ROWS: Final = integer("rows", 1, MAX_ROWS, f"how many to show, 1 to {MAX_ROWS:,}")
PORT: Final = integer("port", 0, 65535, "a port, source or destination")

# --- packets --------------------------------------------------------------------------------


def packets(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """The last packets of the run that are wanted, made again from its history."""
    said = parsed.arguments["rows"]
    if len(said) > 1:
        raise CommandError("last is said twice; once is right")
    count = said[0] if said else DEFAULT_PACKETS
    want = _wanted(parsed)
    handled = bench.rig.driver.packets_handled
    found: list[PacketVerdict] = []
    looked_at = 0

    def take(stretch: list[PacketVerdict]) -> bool:
        nonlocal found, looked_at
        found = [event for event in stretch if want(event)] + found
        looked_at += len(stretch)
        return len(found) > count

    if bench.kept is not None:
        take([event for event in bench.kept.events() if isinstance(event, PacketVerdict)])
    else:
        from aclbench.workbench.inquiry.events import verdicts_backwards

        yield from verdicts_backwards(bench.past, take)
    shown = found[-count:]
    lines = table_lines(
        ("packet", "time", "rx", "tx", "connection", "verdict"), _rows(bench, shown)
    )
    if not shown:
        lines = ["no such packet"]
    lines += _left_out(len(found) - len(shown), handled, looked_at, bench.is_threaded)
    return "\n".join(lines)


def _left_out(before: int, handled: int, looked_at: int, on_threads: bool) -> list[str]:
    """What is not shown, in a line; none if nothing."""
    notes: list[str] = []
    if before:
        notes.append(f"{before:,} before these are left out; `last N` shows up to {MAX_ROWS:,}")
    if looked_at < handled:
        why = "are not kept any more" if on_threads else "were not looked at"
        notes.append(f"the first {handled - looked_at:,} packets {why}")
    return [f"({'; '.join(notes)})"] if notes else []


def _wanted(parsed: ParsedCommand) -> Want:
    """Which packets a line asks for: one of the fates, all hosts, all ports, all texts."""
    fates = {fate for fate in FATES if fate.replace("_", "-") in parsed.words}
    hosts = {int(ip_address(h)) for h in parsed.arguments["host"]}
    ports: list[int] = parsed.arguments["port"]
    texts = [text.lower() for text in parsed.arguments["reason"]]

    def want(event: PacketVerdict) -> bool:
        if fates and fate_of(event.reason) not in fates:
            return False
        if hosts or ports:
            if not event.key:
                return False
            five = unpack_key(event.key)
            if not hosts <= {five.src, five.dst}:
                return False
            has_ports = five.proto in (PROTO_TCP, PROTO_UDP)
            if ports and not (has_ports and {*ports} <= {five.sport, five.dport}):
                return False
        said = verdict_text(event).lower() if texts else ""
        return all(text in said for text in texts)

    return want


def _rows(bench: Bench, events: Iterable[PacketVerdict]) -> list[tuple[str, ...]]:
    from aclbench.workbench.inquiry.packets import packet_view

    views = [packet_view(bench, event) for event in events]
    return [
        (
            packet.name,
            f"+{seconds_text(packet.time - bench.started)}",
            packet.rx,
            packet.tx or "-",
            packet.connection or "-",
            f"{packet.fate.replace('_', ' ')}: {packet.reason}",
        )
        for packet in views
    ]


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


def lists(bench: Bench, parsed: ParsedCommand) -> str:
    """The workers' lists, the ends of each unless told otherwise."""
    worker, size = parsed.arguments.get("worker"), parsed.arguments.get("rows", DEFAULT_WINDOW)
    list_id = parsed.arguments.get("list")
    view = View(
        threads=None if worker is None else (worker,),
        lists=None if list_id is None else (list_id,),
        anchor="head" if "head" in parsed.words else "tail" if "tail" in parsed.words else "ends",
        size=size,
    )
    snapshot = bench.snapshot(view)
    lines: list[str] = []
    for thread in snapshot.workers:
        if worker is not None or thread.carries_packets:
            count = f"{thread.sessions:,} session{'s'[: thread.sessions != 1]}"
            lines.append(f"{thread.name}: {count}, at +{seconds_text(thread.now - bench.started)}")
            for each in thread.lists:
                lines += _list_lines(bench, snapshot, each, view.anchor == "tail", thread.now)
    return "\n".join(lines)


def _list_lines(
    bench: Bench, snapshot: Snapshot, each: ListView, at_tail: bool, now: int
) -> list[str]:
    """A list: its ends, then its sessions, and how many are left out where."""
    if not each.length:
        return [f"  {each.name}: empty"]
    head = f"  {each.name}: {each.length:,}, head {each.head}, tail {each.tail}"
    if each.head_expiry_time is not None:
        head += f", head due at {_since(bench, each.head_expiry_time)}"
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
            f"check due at {_since(bench, session.check_due)}, "
            f"expires at {_since(bench, session.expires)}{moved}"
        )
    return [*lines, left_out] if missing else lines


def _length(ns: int) -> str:
    """Another thread's packet may be a moment ahead of the clock."""
    return seconds_text(max(ns, 0))


def _since(bench: Bench, time_ns: int) -> str:
    since = time_ns - bench.started
    return f"{'-' if since < 0 else '+'}{seconds_text(abs(since))}"


_FATE_WORDS: Final = "|".join(fate.replace("_", "-") for fate in FATES)
GROUP: Final = "looking"
TYPES: Final = (ROWS, PORT, WORKER, LIST)
COMMANDS: Final = (
    Command(
        f"packets {{{_FATE_WORDS}|host <host>|port <port>|reason <word:reason>|last <rows>}}",
        packets,
        "the packets of the run so far and what became of them",
        "Several fates: any of them; hosts, ports, texts: all of them. The last 100 unless said.",
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
    ),
)
