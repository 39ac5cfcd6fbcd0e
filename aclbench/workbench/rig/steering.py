"""The steering that a scenario asks for, made for the bench that it set up."""

from __future__ import annotations

from ipaddress import ip_network

from aclbench.capture.steering import (
    ByAddress,
    ByCapture,
    ByCaptureInterface,
    ByMac,
    ByVlan,
    Steering,
)
from aclbench.engine.fib import FIB_BROADCAST, FIB_FOR_US
from aclbench.engine.main import AclMain
from aclbench.engine.packet import address_text
from aclbench.errors import ScenarioError
from aclbench.workbench.rig.names import no_interface
from aclbench.workbench.rig.scenario import Scenario

#: All addresses of each family.
_EVERYTHING = ("0.0.0.0/0", "::/0")


def make_steering(scenario: Scenario, am: AclMain) -> Steering:
    """Which interface each packet of a scenario's captures enters.

    Addresses are those of now: one that is added later is not known to be the bench's own.
    Raises ScenarioError.
    """
    if scenario.rx:
        return ByCapture([_index(scenario, am, name) for name in scenario.rx])
    if not scenario.interfaces:
        return _by_routes(scenario, am)
    index = {spec.name: _index(scenario, am, spec.name) for spec in scenario.interfaces}
    default = index[scenario.outside or scenario.interfaces[-1].name]
    specs = [(spec, index[spec.name]) for spec in scenario.interfaces]
    if scenario.steered_by == "vlans":
        return ByVlan([(vlan, rx) for spec, rx in specs for vlan in spec.vlans], default)
    if scenario.steered_by == "macs":
        return ByMac([(mac, rx) for spec, rx in specs for mac in spec.macs], default)
    if scenario.steered_by == "capture_interfaces":
        labels = [(label, rx) for spec, rx in specs for label in spec.capture_interfaces]
        return ByCaptureInterface(labels, default)
    prefixes = [(prefix, rx) for spec, rx in specs for prefix in spec.prefixes]
    said = {str(ip_network(prefix)) for prefix, _ in prefixes}
    prefixes += [(prefix, default) for prefix in _EVERYTHING if prefix not in said]
    return ByAddress(prefixes, default, _own_addresses(am))


def _by_routes(scenario: Scenario, am: AclMain) -> Steering:
    """A packet enters where its source is routed; from nowhere, the first interface."""
    indices = [i.sw_if_index for i in am.interfaces[1:] if i is not None]
    if not indices:
        raise ScenarioError(
            f"{scenario.place}: its lines make no interface for packets to enter; "
            "create packet-generator interface pg0 makes one, and so does "
            "set interface state GigabitEthernet3/0/0 up"
        )
    routes: dict[str, int] = {}
    for entry in sorted(am.fib.entries, key=lambda e: e.source, reverse=True):
        if entry.sw_if_index >= 0:
            address = address_text(entry.prefix.address, entry.prefix.is_ip6)
            routes[f"{address}/{entry.prefix.length}"] = entry.sw_if_index
    return ByAddress(list(routes.items()), indices[0], _own_addresses(am))


def _own_addresses(am: AclMain) -> list[str]:
    """Where packets end: the bench's addresses, its subnets' broadcasts, what is routed to it."""
    return [
        f"{address_text(entry.prefix.address, entry.prefix.is_ip6)}/{entry.prefix.length}"
        for entry in am.fib.entries
        if entry.sw_if_index in (FIB_FOR_US, FIB_BROADCAST)
    ]


def _index(scenario: Scenario, am: AclMain, name: str) -> int:
    interface = am.interface_named(name)
    if interface is not None:
        return interface.sw_if_index
    raise ScenarioError(f"{scenario.place}: no packets can enter: {no_interface(name, am)}")
