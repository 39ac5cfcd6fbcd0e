"""Packets that the guess of the inside keeps from the firewall: both ends are on one side."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from aclbench.capture.guess import inside_options
from aclbench.capture.openers import source_opened
from aclbench.engine.events import PacketVerdict
from aclbench.engine.packet import address_text, unpack_key
from aclbench.workbench.inquiry.explain.tree import Cause
from aclbench.workbench.rig.scenario import NO_INSIDE, Scenario


def is_to_itself(key: bytes) -> bool:
    """Whether a host sent it to its own address."""
    five = unpack_key(key)
    return five.src == five.dst


def one_side_cause(scenario: Scenario | None, event: PacketVerdict) -> Cause:
    """Why a packet with both ends on one side never came to the firewall, and what is to be tried.

    Only where the inside was guessed another one is proposed.
    """
    if is_to_itself(event.key):
        return Cause("itself", "a host sent it to itself: it never came to a firewall")
    five = unpack_key(event.key)
    src, dst = address_text(five.src, five.is_ip6), address_text(five.dst, five.is_ip6)
    if scenario is None or scenario.next_guess is None:
        title = "both ends lie behind one interface: it never came to the firewall"
        return Cause("one side", title, f"{src} and {dst} are behind the interface that it entered")
    inside = tuple(p for p in scenario.interfaces[0].prefixes if p != NO_INSIDE)
    side = "inside" if _holds(inside, src) else "outside"
    text = f"{src} and {dst} are both {side}: inside is {', '.join(inside) or 'nothing'}"
    opener = src if source_opened(event.key, event.info) else dst
    options = inside_options(_other_inside(inside, scenario.next_guess, src, dst, opener))
    title = f"the inside was guessed, and both ends are {side}: it never came to the firewall"
    return Cause("one side", title, text, f"another inside: {options}")


def _other_inside(
    inside: tuple[str, ...], next_guess: tuple[str, ...], src: str, dst: str, opener: str
) -> tuple[str, ...]:
    """Prefixes that the packet crosses: those of the next guess, or who opened the connection."""
    if _holds(next_guess, src) != _holds(next_guess, dst):
        return next_guess
    own = f"{opener}/{ip_address(opener).max_prefixlen}"
    return (own,) if _holds(inside, opener) else (*inside, own)


def _holds(prefixes: tuple[str, ...], address: str) -> bool:
    return any(ip_address(address) in ip_network(prefix) for prefix in prefixes)
