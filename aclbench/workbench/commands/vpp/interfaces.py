"""VPP's commands for interfaces, addresses, routes and placement."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from aclbench.engine.fib import FIB_FOR_US
from aclbench.errors import CommandError
from aclbench.workbench.grammar import Command, ParsedCommand
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
    parsed.arguments["interface"].admin_up = "up" in parsed.words
    return ""


def set_mac(rig: Rig, parsed: ParsedCommand) -> str:
    """Store and show it; the bench does not use MAC addresses."""
    parsed.arguments["interface"].mac = parsed.arguments["mac"]
    return ""


def set_ip_address(rig: Rig, parsed: ParsedCommand) -> str:
    """Add an address, and with it the route to its subnet, or take it away."""
    interface, address = parsed.arguments["interface"], parsed.arguments["address"]
    change = rig.machine.remove_address if "del" in parsed.words else rig.machine.add_address
    try:
        change(interface, address.address, address.length, address.is_ip6)
    except ValueError as error:
        raise CommandError(f"{interface.name}: {error}") from None
    return ""


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
    interface.rx_thread = worker + 1
    return ""


def add_route(rig: Rig, parsed: ParsedCommand) -> str:
    """Add a route; a next hop alone leads out of the interface on whose subnet it is."""
    prefix = parsed.arguments["prefix"]
    interface, host = parsed.arguments.get("interface"), parsed.arguments.get("host")
    if "local" in parsed.words:
        sw_if_index, via = FIB_FOR_US, "local"
    else:
        if interface is None:
            packed = ip_address(str(host)).packed
            sw_if_index = rig.machine.am.fib.lookup(packed)
            if sw_if_index < 0:
                raise CommandError(f"no interface leads to the next hop {host}; name it behind it")
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
        "set interface state <interface> (up|down)",
        set_state,
        "bring an interface up or down",
        group=GROUP,
    ),
    Command(
        "set interface mac address <interface> <mac>",
        set_mac,
        "note a MAC address; it is not used",
        group=GROUP,
    ),
    Command(
        "set interface ip address [del] <interface> <address>",
        set_ip_address,
        "give an interface an address and the route to its subnet",
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
