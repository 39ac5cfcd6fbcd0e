"""A working firewall with one fault put into it, and the packet that the fault has denied.

pg0 is inside and pg1 outside. Its input makes sessions, its output denies what has none. Each fault
is a change of the lines, or of what is sent; the same without it lets the packet pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from aclbench import Workbench

#: Protocols that a fault is tried with: the packet from inside, and its answer.
TALKS = {
    "udp": ("udp {i}:4000 > {o}:53", "udp {o}:53 > {i}:4000"),
    "tcp": ("tcp {i}:4000 > {o}:80 S", "tcp {o}:80 > {i}:4000 SA"),
    "icmp": ("{icmp} {inside} > {outside}", "{icmp} {outside} > {inside} type {reply} code 0"),
    "sctp": ("proto 132 {inside} > {outside}", "proto 132 {outside} > {inside}"),
}


@dataclass(frozen=True)
class World:
    """The lines that make a bench, and what happens then: `pg0 PACKET`, `pg1 PACKET`, or a line."""

    rules: tuple[str, ...]
    setup: tuple[str, ...] = ()
    applied: tuple[str, ...] = ("pg0 input acl 0", "pg0 output acl 1")
    happens: tuple[str, ...] = ()
    is_ip6: bool = False
    talk: str = "udp"
    #: What is sent in the end: what is to pass.
    last: str = ""
    deny: tuple[str, ...] = field(default=("deny", "deny src ::/0"))


def world(talk: str, is_ip6: bool) -> World:
    """A firewall that works: the request has come, and the answer is to pass."""
    request, answer = TALKS[talk]
    made = World((), is_ip6=is_ip6, talk=talk)
    rule = {
        "udp": "permit+reflect proto 17 dport 53",
        "tcp": "permit+reflect proto 6 dport 80",
        "icmp": "permit+reflect proto {icmpno}",
        "sctp": "permit+reflect proto 132",
    }[talk]
    src = "src 2001:db8:a::/64" if is_ip6 else "src 198.51.100.0/24"
    first, *rest = rule.split(" ", 1)
    rules = (f"{first} {src} {rest[0]}",)
    return replace(made, rules=rules, happens=(f"pg0 {request}",), last=f"pg1 {answer}")


def play(made: World) -> tuple[Workbench, str]:
    """Have it happen; the bench, and the fate of the last packet, whose number is the last."""
    bench = Workbench()
    filled = _filled(made)
    for line in (
        "create packet-generator interface pg0",
        "create packet-generator interface pg1",
        "create packet-generator interface pg2",
        "set interface state pg0 up",
        "set interface state pg1 up",
        "set interface state pg2 up",
        "set interface ip address pg0 198.51.100.1/24",
        "set interface ip address pg1 203.0.113.1/24",
        "set interface ip address pg0 2001:db8:a::1/64",
        "set interface ip address pg1 2001:db8:b::1/64",
        f"set acl-plugin acl {', '.join(filled(rule) for rule in made.rules)}",
        f"set acl-plugin acl {', '.join(made.deny)}",
        *made.setup,
        *(f"set acl-plugin interface {applied}" for applied in made.applied),
    ):
        bench.cli(filled(line))
    fate = ""
    for what in (*made.happens, made.last):
        line = filled(what)
        if line.startswith("pg"):
            said = bench.cli(f"send {line}")
            fate = said.split(": ", 1)[1].split()[0].rstrip(",")
        else:
            bench.cli(line)
    return bench, fate


def _filled(made: World) -> Callable[[str], str]:
    inside, outside = (
        ("2001:db8:a::10", "2001:db8:b::20")
        if made.is_ip6
        else (
            "198.51.100.10",
            "203.0.113.20",
        )
    )
    words = {
        "{i}": f"[{inside}]" if made.is_ip6 else inside,
        "{o}": f"[{outside}]" if made.is_ip6 else outside,
        "{inside}": inside,
        "{outside}": outside,
        "{icmp}": "icmp6" if made.is_ip6 else "icmp",
        "{icmpno}": "58" if made.is_ip6 else "1",
        "{p}": "[2001:db8:b::21]" if made.is_ip6 else "203.0.113.21",
        "{net}": "2001:db8:b::1/64" if made.is_ip6 else "203.0.113.1/24",
        "{error}": "1" if made.is_ip6 else "3",
        "{reply}": "129" if made.is_ip6 else "0",
        "{any}": "src ::/0" if made.is_ip6 else "src 0.0.0.0/0",
    }

    def filled(text: str) -> str:
        for name, value in words.items():
            text = text.replace(name, value)
        return text

    return filled


# --- faults ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """One fault: how it is put in, and the kind and the words of the cause to be named first."""

    name: str
    put: Callable[[World], World]
    kind: str
    says: str
    talks: tuple[str, ...] = ("udp", "tcp", "icmp", "sctp")


def _ruled(made: World, change: Callable[[str], str]) -> World:
    return replace(made, rules=tuple(change(rule) for rule in made.rules))


def _behind(made: World, *lines: str) -> World:
    return replace(made, happens=(*made.happens, *lines))


def _request_is_last(made: World) -> World:
    return replace(made, happens=made.happens[:-1], last=made.happens[-1])


def _fragment(made: World) -> World:
    last = "pg1 udp {outside} > {inside} frag 1480"
    return replace(made, happens=(*made.happens, made.last), last=last)


FAULTS = (
    Fault("permit", lambda w: _ruled(w, lambda r: r.replace("+reflect", "")), "permit", "permit"),
    Fault(
        "permit, mended since",
        lambda w: _behind(
            _ruled(w, lambda r: r.replace("+reflect", "")),
            f"set acl-plugin acl index 0 {w.rules[0]}",
        ),
        "permit",
        "packet 1",
    ),
    Fault(
        "full",
        lambda w: _request_is_last(
            replace(
                w,
                setup=("set acl-plugin session table max-entries 1",),
                rules=(*w.rules, "permit+reflect proto 47", "permit+reflect {any} proto 47"),
                happens=("pg0 proto 47 {inside} > {outside}", *w.happens),
            )
        ),
        "full",
        "is full",
    ),
    Fault(
        "full before",
        lambda w: replace(
            w,
            setup=("set acl-plugin session table max-entries 1",),
            rules=(*w.rules, "permit+reflect proto 47", "permit+reflect {any} proto 47"),
            happens=("pg0 proto 47 {inside} > {outside}", *w.happens),
        ),
        "full before",
        "packet 2",
    ),
    Fault(
        "the ACL came later",
        lambda w: _behind(
            replace(w, applied=()),
            "set acl-plugin interface pg0 input acl 0",
            "set acl-plugin interface pg0 output acl 1",
        ),
        "before acl",
        "packet 1",
    ),
    Fault("expired", lambda w: _behind(w, "run 700s"), "expired", "expired"),
    Fault(
        "cleared",
        lambda w: _behind(w, "clear acl-plugin sessions", "run 1s"),
        "cleared",
        "was cleared",
    ),
    Fault(
        "reclassified",
        lambda w: replace(
            _behind(w, "set acl-plugin acl index 0 deny {any}"),
            setup=("set acl-plugin reclassify-sessions 1",),
            last=w.happens[0],
        ),
        "reclassified",
        "the rules have changed since it was made",
    ),
    Fault(
        "recycled",
        lambda w: replace(
            w,
            setup=("set acl-plugin session table max-entries 1",),
            happens=(*w.happens, "pg0 tcp {i}:5000 > {o}:80 S"),
        ),
        "recycled",
        "was recycled",
        ("tcp",),
    ),
    Fault(
        "the wrong port",
        lambda w: _request_is_last(
            _ruled(w, lambda r: r.replace("dport 53", "dport 54").replace("dport 80", "dport 81"))
        ),
        "near rule",
        "dport",
        ("udp", "tcp"),
    ),
    Fault(
        "the request is denied",
        lambda w: _ruled(
            w, lambda r: r.replace("dport 53", "dport 54").replace("dport 80", "dport 81")
        ),
        "request denied",
        "packet 1",
        ("udp", "tcp"),
    ),
    Fault(
        "the request was denied, and the rule is mended since",
        lambda w: _behind(
            _ruled(w, lambda r: r.replace("dport 53", "dport 54").replace("dport 80", "dport 81")),
            f"set acl-plugin acl index 0 {w.rules[0]}",
        ),
        "request denied",
        "packet 1",
        ("udp", "tcp"),
    ),
    Fault(
        "full before, of a request that was asked for",
        lambda w: replace(
            w,
            setup=("set acl-plugin session table max-entries 1",),
            rules=(*w.rules, "permit+reflect proto 47", "permit+reflect {any} proto 47"),
            happens=("pg0 proto 47 {inside} > {outside}", w.last, *w.happens),
        ),
        "full before",
        "packet 3",
        ("udp",),
    ),
    Fault(
        "the wrong prefix",
        lambda w: _request_is_last(
            _ruled(w, lambda r: r.replace("100.0/24", "99.0/24").replace("db8:a:", "db8:c:"))
        ),
        "near rule",
        "src",
    ),
    Fault(
        "a deny before it",
        lambda w: _request_is_last(replace(w, rules=("deny {any}", *w.rules))),
        "late",
        "rule 0 (deny) comes before rule 1",
    ),
    Fault(
        "a port rule for a protocol without",
        lambda w: _request_is_last(_ruled(w, lambda r: f"{r} dport 3868")),
        "port rule",
        "no ports are read",
        ("sctp",),
    ),
    Fault(
        "the deny on the outer interface",
        lambda w: replace(w, applied=("pg0 input acl 0", "pg1 input acl 1")),
        "elsewhere",
        "session is on pg0",
    ),
    Fault(
        "the request came in elsewhere",
        lambda w: replace(w, happens=(w.happens[0].replace("pg0", "pg2", 1),)),
        "other way",
        "pg2",
    ),
    Fault("a later fragment", _fragment, "fragment", "no ports", ("udp",)),
    Fault(
        "older than the capture",
        lambda w: replace(w, happens=(), last="pg1 tcp {o}:80 > {i}:4000 PA"),
        "older",
        "no SYN came",
        ("tcp",),
    ),
    Fault(
        "another far port",
        lambda w: replace(w, last="pg1 udp {o}:1053 > {i}:4000"),
        "far end",
        "another far port",
        ("udp",),
    ),
    Fault(
        "another far address",
        lambda w: replace(w, last="pg1 " + w.last.split(" ", 1)[1].replace("{o}", "{p}")),
        "far end",
        "another far address",
        ("udp",),
    ),
    Fault(
        "an ICMP error",
        lambda w: replace(w, last="pg1 {icmp} {outside} > {inside} type {error} code 1"),
        "icmp error",
        "about another packet",
        ("udp",),
    ),
    Fault(
        "the rules were changed",
        lambda w: replace(
            w,
            deny=("permit {any}",),
            happens=(*w.happens[:-1], w.last, "set acl-plugin acl index 1 deny {any}"),
        ),
        "changed",
        "passed by acl 1 rule 0",
    ),
    Fault(
        "no route",
        lambda w: _request_is_last(
            _behind(replace(w, happens=()), "set interface ip address del pg1 {net}", *w.happens)
        ),
        "no route",
        "no route",
    ),
    Fault(
        "an interface down",
        lambda w: _behind(w, "set interface state pg0 down"),
        "interface",
        "is down",
    ),
    Fault(
        "the session is let through anyway",
        lambda w: replace(w, happens=()),
        "rule",
        "no packet came the other way",
        ("udp", "icmp", "sctp"),
    ),
)
