"""VPP's commands for interfaces, addresses, routes and placement."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from aclbench.engine.fib import FIB_FOR_US
from aclbench.engine.main import Interface
from aclbench.errors import CommandError
from aclbench.workbench.commands.types import NewInterface
from aclbench.workbench.grammar import Command, ParsedCommand
from aclbench.workbench.rig.names import REAL_EXAMPLES, made_note, no_interface
from aclbench.workbench.rig.rig import Rig


def create_interface(rig: Rig, parsed: ParsedCommand) -> str:
    """Make a packet-generator interface, down until it is brought up."""
    rig.machine.create_interface(parsed.arguments["new-interface"])
    return ""


def delete_interface(rig: Rig, parsed: ParsedCommand) -> str:
    """Take its ACLs off, then have its sessions cleared."""
    try:
        rig.machine.delete_interface(parsed.arguments["interface"].sw_if_index)
    except ValueError as error:
        raise CommandError(str(error)) from None
    return ""


def set_state(rig: Rig, parsed: ParsedCommand) -> str:
    """Admin state; packets of an interface that is down are dropped."""
    interface, note = _there_or_made(rig, parsed)
    interface.admin_up = "up" in parsed.words
    return note


def _there_or_made(rig: Rig, parsed: ParsedCommand) -> tuple[Interface, str]:
    """The interface that is named, made if a real VPP would have it; and a note of that."""
    named: Interface | NewInterface = parsed.arguments["interface"]
    if isinstance(named, Interface):
        return named, ""
    return rig.machine.create_interface(named.name), f"note: {made_note([named.name])}"


def set_mac(rig: Rig, parsed: ParsedCommand) -> str:
    """Store and show it; the bench does not use MAC addresses."""
    parsed.arguments["interface"].mac = parsed.arguments["mac"]
    return ""


def set_ip_address(rig: Rig, parsed: ParsedCommand) -> str:
    """Add an address, and with it the route to its subnet, or take it away."""
    named, (address, length, is_ip6) = parsed.arguments["interface"], parsed.arguments["address"]
    machine, note = rig.machine, ""
    if isinstance(named, NewInterface) and "del" in parsed.words:
        raise CommandError(no_interface(named.name, machine.am))
    try:
        if isinstance(named, NewInterface):
            machine.refuse_overlap(None, address, length, is_ip6)  # or one would be made in vain
        interface, note = _there_or_made(rig, parsed)
        change = machine.remove_address if "del" in parsed.words else machine.add_address
        change(interface, address, length, is_ip6)
    except ValueError as error:
        raise CommandError(f"{named.name}: {error}") from None
    return note


def set_rx_placement(rig: Rig, parsed: ParsedCommand) -> str:
    """Which worker polls the interface, with interface placement."""
    interface = parsed.arguments["interface"]
    n_workers = rig.machine.am.n_workers
    if "main" in parsed.words:
        if n_workers:
            raise CommandError("vpp_main carries no packets on a bench with workers")
        return ""
    worker = parsed.arguments["number"]
    if worker >= n_workers:
        there = "no workers" if not n_workers else f"workers 0 to {n_workers - 1}"
        raise CommandError(f"worker {worker} does not exist; this bench has {there}")
    rig.machine.place_interface(interface, worker + 1)
    return ""


def add_route(rig: Rig, parsed: ParsedCommand) -> str:
    """Add a route; a next hop alone leads out of the interface on whose subnet it is."""
    prefix = parsed.arguments["prefix"]
    interface, host = parsed.arguments.get("interface"), parsed.arguments.get("host")
    if "local" in parsed.words:
        sw_if_index, via = FIB_FOR_US, "local"
    else:
        if interface is None:
            entry = rig.machine.am.fib.entry_for(ip_address(str(host)).packed)
            if entry is None or entry.sw_if_index < 0:
                raise CommandError(f"no interface leads to the next hop {host}; name it behind it")
            sw_if_index = entry.sw_if_index
        else:
            sw_if_index = interface.sw_if_index
        name = rig.machine.am.interface(sw_if_index).name
        via = f"{host} {name}" if host else name
    try:
        rig.machine.add_route(prefix, sw_if_index, via)
    except ValueError as error:
        raise CommandError(f"{error}; several paths are not supported, delete it first") from None
    return ""


def delete_route(rig: Rig, parsed: ParsedCommand) -> str:
    """Delete a route that `ip route add` made."""
    try:
        rig.machine.del_route(parsed.arguments["prefix"])
    except ValueError as error:
        raise CommandError(str(error)) from None
    return ""


def set_neighbor(rig: Rig, parsed: ParsedCommand) -> str:
    """Checked and not needed: the bench forwards to an interface, not to a neighbor."""
    return ""


GROUP: Final = "interfaces and routes"
COMMANDS: Final = (
    Command(
        "create packet-generator interface <new-interface>",
        create_interface,
        "make an interface that packets can be sent into",
        group=GROUP,
    ),
    Command(
        "delete packet-generator interface <interface>",
        delete_interface,
        "delete an interface and clear its sessions",
        group=GROUP,
    ),
    Command(
        "set interface state <any-interface:interface> (up|down)",
        set_state,
        "bring an interface up or down",
        "An interface that is not there yet is made, if its name is a real VPP's:\n"
        f"{REAL_EXAMPLES}.",
        group=GROUP,
    ),
    Command(
        "set interface mac address <interface> <mac>",
        set_mac,
        "note a MAC address; it is not used",
        group=GROUP,
    ),
    Command(
        "set interface ip address [del] <any-interface:interface> <address>",
        set_ip_address,
        "give an interface an address and the route to its subnet",
        "An interface that is not there yet is made, if its name is a real VPP's.",
        group=GROUP,
    ),
    Command(
        "set interface rx-placement <interface> [queue <number:queue>] (worker <number>|main)",
        set_rx_placement,
        "choose the worker that polls an interface",
        group=GROUP,
    ),
    Command(
        "ip route add <prefix> via (<host> [<interface>]|<interface>|local)",
        add_route,
        "add a route out of an interface",
        group=GROUP,
    ),
    Command(
        "ip route del <prefix> [via (<host> [<interface>]|<interface>|local)]",
        delete_route,
        "delete a route that was added",
        group=GROUP,
    ),
    Command(
        "set ip neighbor <interface> <host> <mac> [static]",
        set_neighbor,
        "accepted and not needed: no neighbor is asked",
        group=GROUP,
    ),
)
