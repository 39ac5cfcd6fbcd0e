"""VPP's `show` of what lies around the acl plugin: addresses, placement, routes, threads, clock."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Final

from msgspec.structs import replace

from aclbench.drivers.driver import actor_name
from aclbench.engine.fib import FIB_BROADCAST, FIB_FOR_US, FIB_MULTICAST, FibEntry, Prefix
from aclbench.engine.packet import address_text
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.errors import CommandError
from aclbench.version import __version__
from aclbench.workbench.commands.vpp.counters import interface_data
from aclbench.workbench.grammar import Command, ParsedCommand
from aclbench.workbench.rig.rig import Rig


def show_addresses(rig: Rig, parsed: ParsedCommand) -> str:
    """The interfaces with their addresses."""
    lines: list[str] = []
    asked = parsed.arguments["interface"] or rig.machine.am.interfaces
    for interface in rig.machine.am.interfaces:
        if interface is not None and not interface.deleted and interface in asked:
            lines.append(f"{interface.name} ({'up' if interface.admin_up else 'dn'}):")
            lines += [
                f"  L3 {address_text(address, is_ip6)}/{length}"
                for address, length, is_ip6 in interface.addresses
            ]
    return "\n".join(lines)


def show_rx_placement(rig: Rig, parsed: ParsedCommand) -> str:
    """Which thread polls which interface; with flow placement, that none does."""
    am = rig.machine.am
    if am.flow_placement:
        return "packets go by flow hash: a connection has one worker, whatever its interfaces"
    lines: list[str] = []
    for worker in am.packet_workers:
        polled = [
            i
            for i in am.interfaces[1:]
            if i is not None and not i.deleted and i.rx_thread == worker.thread_index
        ]
        if polled:
            thread_index = worker.thread_index
            lines += [f"Thread {thread_index} ({actor_name(thread_index)}):", "  node pg-input:"]
            lines += [f"    {interface.name} queue 0 (polling)" for interface in polled]
    return "\n".join(lines)


def show_threads(rig: Rig, parsed: ParsedCommand) -> str:
    """The threads, with what each has done; VPP's columns of Linux threads do not apply."""
    lines = ["ID   Name    Carries    Packets   Sessions  Interrupts"]
    for worker in rig.machine.am.workers:
        carries = "packets" if worker in rig.machine.am.packet_workers else "cleaner"
        lines.append(
            f"{worker.thread_index:>2} {actor_name(worker.thread_index):<9}{carries:<9}"
            f"{sum(worker.packet_reasons.values()):>9}{worker.live_sessions:>11}"
            f"{worker.cnt_interrupts_served:>12}"
        )
    return "\n".join(lines)


def show_version(rig: Rig, parsed: ParsedCommand) -> str:
    """Which program this is, said where VPP says its own."""
    return f"aclbench v{__version__}: VPP's acl plugin as of its 2017 multicore commit"


def show_clock(rig: Rig, parsed: ParsedCommand) -> str:
    """The clock: virtual time, which began at one second, by the capture's clock, and how far."""
    rig.first_packet()
    seconds, rest = divmod(rig.now, NS_PER_SEC)
    clock = rig.clock
    date = f", {clock.vpp_text(rig.now)}" if clock.has_day else ""
    since = replace(clock, mode="relative").text(rig.now)
    line = f"Time now {seconds}.{rest:09d}{date}, {since} from the start"
    return f"{line}\n{clock.start_sentence()}".rstrip()


# --- as plain values ----------------------------------------------------------------------------


def fib_data(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show ip fib` and `show ip6 fib`."""
    rows = _asked(rig, parsed)
    return {"routes": [{"prefix": prefix, "leads_to": leads_to} for prefix, leads_to in rows]}


def threads_data(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show threads`."""
    am = rig.machine.am
    return {
        "threads": [
            {
                "thread_index": worker.thread_index,
                "name": actor_name(worker.thread_index),
                "carries_packets": worker in am.packet_workers,
                "packets": sum(worker.packet_reasons.values()),
                "sessions": worker.live_sessions,
                "interrupts_served": worker.cnt_interrupts_served,
            }
            for worker in am.workers
        ]
    }


def version_data(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show version`."""
    return {"version": __version__}


def clock_data(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show clock`, in nanoseconds; the capture's start since 1970, None without one."""
    rig.first_packet()
    return {"now": rig.now, "started": rig.started, "capture_start": rig.clock.first}


# --- show ip fib ------------------------------------------------------------------------------


def show_fib(rig: Rig, parsed: ParsedCommand) -> str:
    """The forwarding table of a family; of a host or prefix, where that leads."""
    lines = [f"ipv{6 if _is_ip6(parsed) else 4}-VRF:0, fib_index:0"]
    for prefix, leads_to in _asked(rig, parsed):
        lines += [prefix, f"  {leads_to}"]
    return "\n".join(lines)


def _is_ip6(parsed: ParsedCommand) -> bool:
    return "ip6" in (item.name for item in parsed.path)


def _asked(rig: Rig, parsed: ParsedCommand) -> list[tuple[str, str]]:
    """All prefixes; of a host the longest that holds it, of a prefix itself. CommandError."""
    is_ip6, host = _is_ip6(parsed), parsed.arguments.get("host")
    prefix: Prefix | None = parsed.arguments.get("prefix")
    if host is not None:
        address = ip_address(host)
        _refuse_family(is_ip6, address.version == 6)
        entry = rig.machine.am.fib.entry_for(address.packed)
        if entry is None:
            raise CommandError(f"no route to {host}; `ip route add` makes one")
        return [(_prefix_text(entry.prefix), _leads_to(rig, entry))]
    rows = fib_rows(rig, is_ip6)
    if prefix is None:
        return rows
    _refuse_family(is_ip6, prefix.is_ip6)
    name = _prefix_text(prefix)
    found = [row for row in rows if row[0] == name]
    if not found:
        raise CommandError(f"no route to {name} itself; of a host it is said how it is reached")
    return found


def _refuse_family(is_ip6: bool, asked_ip6: bool) -> None:
    if asked_ip6 != is_ip6:
        family, word = ("IPv6", "ip6") if asked_ip6 else ("IPv4", "ip")
        raise CommandError(f"that is {family}: `show {word} fib` is its table")


def _prefix_text(prefix: Prefix) -> str:
    return f"{address_text(prefix.address, prefix.is_ip6)}/{prefix.length}"


def fib_rows(rig: Rig, is_ip6: bool) -> list[tuple[str, str]]:
    """Each prefix with where it leads: of several entries for one, that which counts."""
    best: dict[tuple[int, int], FibEntry] = {}
    for entry in rig.machine.am.fib.entries:
        if entry.prefix.is_ip6 == is_ip6:
            place = entry.prefix.address, entry.prefix.length
            there = best.get(place)
            if there is None or _rank(entry) < _rank(there):
                best[place] = entry
    return [
        (_prefix_text(entry.prefix), _leads_to(rig, entry)) for _, entry in sorted(best.items())
    ]


def _rank(entry: FibEntry) -> tuple[int, bool]:
    """The lowest counts, as in `engine.fib`: an own address is no broadcast."""
    return int(entry.source), entry.sw_if_index == FIB_BROADCAST


def _leads_to(rig: Rig, entry: FibEntry) -> str:
    if entry.sw_if_index == FIB_FOR_US:
        return "receive: for the bench itself"
    if entry.sw_if_index == FIB_BROADCAST:
        return "drop: broadcast"
    if entry.sw_if_index == FIB_MULTICAST:
        return "drop: multicast"
    name = rig.interface_name(entry.sw_if_index)
    return f"via {entry.via}" if entry.source.name == "CLI" else f"attached: {name}"


GROUP: Final = "show"
COMMANDS: Final = tuple(
    Command(syntax, handler, summary, group=GROUP, changes=False, data=data)
    for syntax, handler, data, summary in (
        (
            "show interface address {<interface>}",
            show_addresses,
            interface_data,
            "list the interfaces with their addresses",
        ),
        (
            "show interface rx-placement",
            show_rx_placement,
            interface_data,
            "show which worker polls which interface",
        ),
        (
            "show ip fib [<host>|<prefix>]",
            show_fib,
            fib_data,
            "show where IPv4 destinations lead, or where one does",
        ),
        (
            "show ip6 fib [<host>|<prefix>]",
            show_fib,
            fib_data,
            "show where IPv6 destinations lead, or where one does",
        ),
        ("show threads", show_threads, threads_data, "list the threads with what each has done"),
        ("show version", show_version, version_data, "say which program this is"),
        ("show clock", show_clock, clock_data, "show the virtual time"),
    )
)
