"""aclbench's own commands that search: packets of the run, live sessions; both take a filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from aclbench.errors import CommandError, did_you_mean
from aclbench.words import counted
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.bench.looking import MAX_ROWS
from aclbench.workbench.commands.bench.reaching import unplayed_text
from aclbench.workbench.commands.columns import table_lines
from aclbench.workbench.commands.types import rig_of
from aclbench.workbench.filters import FilterError, Kind, Query, filter_words
from aclbench.workbench.grammar import (
    ArgumentError,
    ArgumentType,
    Candidate,
    Command,
    ParsedCommand,
)
from aclbench.workbench.inquiry.filtering import names_of, query_of
from aclbench.workbench.inquiry.find_sessions import ORDERS, FoundSessions, find_sessions
from aclbench.workbench.inquiry.packets import FoundPackets, find_packets
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.packets import PacketView, packet_data
from aclbench.workbench.views.snapshot import SessionView
from aclbench.workbench.views.times import seconds_text

#: Rows that are shown unless told otherwise.
DEFAULT_PACKETS: Final = 100
DEFAULT_SESSIONS: Final = 20

# --- the filter on the line -----------------------------------------------------------------


def _rows_wanted(word: str) -> int:
    if not (word.isdecimal() and len(word) < 10 and 1 <= int(word) <= MAX_ROWS):
        raise CommandError(f"from 1 to {MAX_ROWS:,} can be shown")
    return int(word)


def _order_wanted(word: str) -> str:
    if word not in ORDERS:
        raise CommandError(f"no order of sessions; {did_you_mean(word, ORDERS)}")
    return word


_OPTIONS: Final[dict[Kind, dict[str, Callable[[str], Any]]]] = {
    "packets": {"last": _rows_wanted},
    "sessions": {"last": _rows_wanted, "by": _order_wanted},
}
_ABOUT_OPTIONS: Final = {"last": "how many to show", "by": f"the order: {', '.join(ORDERS)}"}


def _filter_type(kind: Kind) -> ArgumentType:
    options: Mapping[str, Callable[[str], Any]] = _OPTIONS[kind]
    about = {word: _ABOUT_OPTIONS[word] for word in options}

    def parse(text: str, context: Any) -> Query:
        try:
            return query_of(rig_of(context), kind, text, options)
        except FilterError as error:
            raise ArgumentError(str(error)) from None

    def complete(text: str, context: Any) -> Iterable[Candidate]:
        begun = max(text.rfind(" "), text.rfind("(")) + 1
        words = filter_words(text[:begun], names_of(rig_of(context), kind), about)
        if text[:begun].split()[-1:] == ["by"]:
            words = dict.fromkeys(ORDERS, "an order")
        return [Candidate(text[:begun] + word, what) for word, what in words.items()]

    description = f"which {kind}: denied, host, net, port, tcp ... and or not; {', '.join(about)}"
    return ArgumentType(f"{kind}-filter", description, parse, complete, takes_rest=True)


TYPES: Final = (_filter_type("packets"), _filter_type("sessions"))


def _query(parsed: ParsedCommand) -> Query:
    found: Query = parsed.arguments.get("filter", Query())
    return found


# --- packets --------------------------------------------------------------------------------


def _packets_found(bench: Bench, parsed: ParsedCommand) -> Slices[tuple[FoundPackets, int]]:
    """The packets of the run that are wanted, and how many of them are left out at the most."""
    if bench.kept is None:
        assert bench.past  # or it says why not
    query = _query(parsed)
    found = yield from find_packets(bench, query.filter)
    return found, max(len(found) - query.options.get("last", DEFAULT_PACKETS), 0)


def packets(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """The last packets of the run that are wanted."""
    found, left_out = yield from _packets_found(bench, parsed)
    if not len(found):
        nothing = unplayed_text(bench.rig) or "no such packet"
        return "\n".join([nothing, *_not_kept(found)])
    head = ("packet", "time", "flags", "length", "rx", "tx", "connection", "conn", "verdict")
    lines = table_lines(head, [_packet_row(bench, packet) for packet in found[left_out:]])
    if left_out:
        more = f"; `last N` shows up to {MAX_ROWS:,}"
        lines.append(f"({left_out:,} before these are left out{more})")
    return "\n".join([*lines, *_not_kept(found)])


def _not_kept(found: FoundPackets) -> list[str]:
    first = found.rows.first
    return [f"(the first {counted(first, 'packet')} are not kept)"] if first else []


def _packet_row(bench: Bench, packet: PacketView) -> tuple[str, ...]:
    return (
        packet.name,
        bench.rig.clock.text(packet.time),
        packet.tcp_flags or "-",
        str(packet.length) if packet.length else "-",
        packet.rx,
        packet.tx or "-",
        packet.connection or "-",
        str(packet.conn) if packet.conn else "-",
        f"{packet.fate.replace('_', ' ')}: {packet.reason}",
    )


def packets_data(bench: Bench, parsed: ParsedCommand) -> Slices[dict[str, Any]]:
    """The same as plain values; times are from the start of the run, in nanoseconds."""
    found, left_out = yield from _packets_found(bench, parsed)
    return {
        "matched": len(found),
        "looked_at": found.end - found.begin,
        "packets": [packet_data(packet, bench.started) for packet in found[left_out:]],
    }


# --- sessions -------------------------------------------------------------------------------


def _sessions_found(bench: Bench, parsed: ParsedCommand) -> Slices[FoundSessions]:
    query = _query(parsed)
    order, count = query.options.get("by", "connection"), query.options.get("last")
    return find_sessions(bench, query.filter, order, count or DEFAULT_SESSIONS)


def sessions(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
    """The sessions that are wanted, a row each."""
    found = yield from _sessions_found(bench, parsed)
    if not found.sessions:
        looked_at = f"no such session; {found.looked_at:,} live ones were looked at"
        return unplayed_text(bench.rig) or looked_at
    head = ("session", "connection", "on", "class", "idle", "check due", "expires")
    lines = table_lines(head, [_session_row(bench, view) for view in found.sessions])
    lines.append(_how_many(found))
    return "\n".join(lines)


def sessions_data(bench: Bench, parsed: ParsedCommand) -> Slices[dict[str, Any]]:
    """The same as plain values."""
    return (yield from _sessions_found(bench, parsed)).to_json()


def _session_row(bench: Bench, view: SessionView) -> tuple[str, ...]:
    return (
        f"{view.thread_index}/{view.session_index}",
        view.connection,
        bench.rig.interface_name(view.sw_if_index),
        view.class_name,
        seconds_text(max(view.idle, 0)),
        bench.rig.clock.text(view.check_due),
        bench.rig.clock.text(view.expires),
    )


def _how_many(found: FoundSessions) -> str:
    shown = len(found.sessions)
    text = f"({shown:,} of {found.matched:,} that match, of {found.looked_at:,} live ones"
    more = f"; `last N` shows up to {MAX_ROWS:,}" if shown < found.matched else ""
    return f"{text}{more})"


GROUP: Final = "looking"
_ABOUT_FILTER: Final = """\
Words side by side must all hold; `and`, `or`, `not` and brackets join them:
host 10.0.0.2, net 10.0.0.0/24, port 80, proto tcp, flags S (has SYN), flags =S (SYN alone),
interface pg0, worker vpp_wk_0, text 10.0.0. (of the connection), {more}.
10.0.0.2, 10.0.0.0/24, :80, tcp, pg0, vpp_wk_0 say it by themselves. {beside}"""
COMMANDS: Final = (
    Command(
        "packets [<packets-filter:filter>]",
        packets,
        "the packets of the run so far and what became of them",
        _ABOUT_FILTER.format(
            more="denied and the other fates,\nreason TEXT, conn 7 (the 7th connection)",
            beside="`last N`: how many, 100\nunless said.",
        ),
        GROUP,
        changes=False,
        data=packets_data,
    ),
    Command(
        "sessions [<sessions-filter:filter>]",
        sessions,
        "live sessions that match a filter, sorted, 20 unless told",
        _ABOUT_FILTER.format(
            more="class tcp_idle",
            beside="`last N`: how\nmany. `by`: connection, the longest idle, the soonest due for "
            "its check or to expire (expiry),\nthe last linked (newest), or the worker.",
        ),
        GROUP,
        changes=False,
        data=sessions_data,
    ),
)
