"""VPP's counters by interface: `show interface` and `clear interfaces`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from aclbench.engine.main import Interface
from aclbench.workbench.commands.columns import centred
from aclbench.workbench.grammar import Command, ParsedCommand
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.taking import interface_views

#: VPP's MTU of an Ethernet interface; it is not used here.
_MTU: Final = "9000/0/0/0"
_NO_MTU: Final = "0/0/0/0"
_HEAD: Final = (
    "              Name               Idx    State  MTU (L3/IP4/IP6/MPLS)"
    "     Counter          Count     "
)


def _by_name(interface: Interface) -> tuple[str, bool, int]:
    """In VPP's order: pg20, pg2, pg2.10, pg3; a sub-interface stands behind its port."""
    port, is_sub, _ = interface.name.partition(".")
    return port + "\x7f", bool(is_sub), interface.sw_if_index


def show_interface(rig: Rig, parsed: ParsedCommand) -> str:
    """The interfaces in VPP's columns and order, with the counters that are not 0."""
    asked = parsed.arguments["interface"]
    there = [i for i in rig.machine.am.interfaces if i is not None and not i.deleted]
    lines = [_HEAD]
    for interface in sorted(there, key=_by_name):
        if asked and interface not in asked:
            continue
        state = "up" if interface.admin_up else "down"
        mtu = _MTU if interface.sw_if_index else _NO_MTU
        index = str(interface.sw_if_index)
        row = f"{interface.name:<32}{centred(index, 5)}{centred(state, 10)}{centred(mtu, 21)}"
        counted = [
            f"{counter:<16}{count:>16}"
            for counter, count in counters_of(rig, interface.sw_if_index).items()
            if count
        ]
        lines.append(row + (counted[0] if counted else ""))
        lines += [" " * len(row) + counter for counter in counted[1:]]
    return "\n".join(lines)


def counters_of(rig: Rig, sw_if_index: int) -> dict[str, int]:
    """VPP's counters of an interface since `clear interfaces`, over all threads.

    Bytes are those of the frames on the wire; all that entered is counted, also on an interface
    that is down. What was dropped is counted where it entered.
    """
    cleared = rig.machine.am.shown.interfaces_cleared
    return {
        counter: count - cleared.get((sw_if_index, counter), 0)
        for counter, count in _counted_of(rig, sw_if_index).items()
    }


def _counted_of(rig: Rig, sw_if_index: int) -> dict[str, int]:
    threads = [worker.interface_counters[sw_if_index] for worker in rig.machine.am.workers]
    return {
        "rx packets": sum(counters.rx_packets for counters in threads),
        "rx bytes": sum(counters.rx_bytes for counters in threads),
        "tx packets": sum(counters.tx_packets for counters in threads),
        "tx bytes": sum(counters.tx_bytes for counters in threads),
        "drops": sum(counters.drops for counters in threads),
        "punt": sum(counters.punts for counters in threads),
        "ip4": sum(each.rx_packets - each.rx_ip6 - each.rx_not_ip for each in threads),
        "ip6": sum(counters.rx_ip6 for counters in threads),
    }


def clear_interfaces(rig: Rig, parsed: ParsedCommand) -> str:
    """Have the interfaces' counters begin at 0."""
    am = rig.machine.am
    am.shown.interfaces_cleared = {
        (sw_if_index, counter): count
        for sw_if_index in range(len(am.interfaces))
        for counter, count in _counted_of(rig, sw_if_index).items()
    }
    return ""


# --- as plain values ----------------------------------------------------------------------------


def interface_data(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show interface`, `show interface address` and `show interface rx-placement`."""
    asked = [interface.name for interface in parsed.arguments.get("interface", ())]
    rows = [
        asdict(view) | {"counters": counters_of(rig, view.sw_if_index)}
        for view in interface_views(rig.driver)
        if not view.deleted
    ]
    placement = "flow" if rig.machine.am.flow_placement else "interface"
    shown = [row for row in rows if not asked or row["name"] in asked]
    return {"placement": placement, "interfaces": shown}


GROUP: Final = "show"
COMMANDS: Final = (
    Command(
        "show interface {<interface>}",
        show_interface,
        "list the interfaces, up or down, with their counters",
        group=GROUP,
        changes=False,
        data=interface_data,
    ),
    Command(
        "clear interfaces",
        clear_interfaces,
        "have the counters of show interface begin at 0",
        group=GROUP,
    ),
)
