"""Random runs of a bench, and someone who watches them for what must never happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from engine.bench import (
    ACK,
    FIN,
    INSIDE,
    OUTSIDE,
    RST,
    SEC,
    SYN,
    ether,
    frame4,
    frame6,
    frame_of,
    icmp,
    ip4,
    set_up,
    tcp,
    tcp_back,
    tcp_out,
    udp,
    udp_back,
    udp_out,
)
from hypothesis import strategies as st

from aclbench.drivers.driver import CLOCK
from aclbench.drivers.stepped import SteppedDriver
from aclbench.engine import reading
from aclbench.engine.acl import DENY, PERMIT, PERMIT_REFLECT, AclRule
from aclbench.engine.events import (
    InterruptServed,
    PacketVerdict,
    SessionAdded,
    SessionDeleted,
    SessionRecycled,
    SweepFinished,
    SweepStarted,
    TraceEvent,
)
from aclbench.engine.invariants import check_invariants
from aclbench.engine.main import AclMain
from aclbench.engine.outcomes import Outcomes
from aclbench.engine.packet import EH_FRAGMENT
from aclbench.workbench.rig.fields import fields_of

# --- what happens ----------------------------------------------------------------------------

OUT6, BACK6 = ("fd00:1::5", "fd00:2::5"), ("fd00:2::5", "fd00:1::5")

#: (rx, bytes). Few keys, so that packets meet each other's sessions.
CONNECTIONS: list[tuple[int, bytes]] = [
    *[(1, tcp_out(flags, sport)) for flags in (SYN, SYN | ACK, ACK) for sport in range(6)],
    *[(2, tcp_back(flags, sport)) for flags in (SYN | ACK, ACK) for sport in range(6)],
]
PACKETS: list[tuple[int, bytes]] = [
    *[(1, tcp_out(flags, sport)) for flags in (SYN, ACK, FIN | ACK, RST) for sport in (1, 2, 3)],
    *[(2, tcp_back(flags, sport)) for flags in (SYN | ACK, ACK, RST) for sport in (1, 2, 3)],
    *[(1, udp_out(sport)) for sport in (1, 2, 3)],
    *[(2, udp_back(sport)) for sport in (1, 2)],
    (3, frame4(udp(1, 2), 17, "172.16.0.5", OUTSIDE)),
    (1, frame4(tcp(5, 80, SYN), 6, INSIDE, "172.16.0.5")),
    (3, frame4(tcp(80, 5, SYN | ACK), 6, "172.16.0.5", INSIDE)),
    (1, frame4(icmp(8), 1)),
    (2, frame4(icmp(0), 1, OUTSIDE, INSIDE)),
    (2, frame4(icmp(8), 1, OUTSIDE, INSIDE)),
    (1, frame4(bytes(8), 17, fragment=5)),
    (2, frame4(bytes(8), 17, OUTSIDE, INSIDE, fragment=6)),
    (1, frame6(tcp(1, 80, SYN), 6, *OUT6)),
    (2, frame6(tcp(80, 1, SYN | ACK), 6, *BACK6)),
    (1, frame6(icmp(128), 58, *OUT6)),
    (2, frame6(icmp(129), 58, *BACK6)),
    (2, frame6(bytes([17, 0, 1, 0]) + bytes(20), EH_FRAGMENT, *BACK6)),
    (1, frame4(bytes(20), 47)),
    (1, frame4(udp(1, 2), 17, dst="8.8.8.8")),
    (2, frame4(udp(1, 2), 17, OUTSIDE, "224.0.0.5")),
    (1, frame4(udp(1, 2), 17, dst="10.0.0.1")),
    (1, frame4(udp(1, 2), 17, INSIDE, "10.0.0.9")),
    (1, ether(ip4(udp(1, 2), 17, words=6), 0x0800)),
    (2, ether(bytes(40), 0x0806)),
    (3, ether(bytes(40), 0x0800)),
]

GAPS_NS = [0, 0, 0, 0, 1, 1000, 99_999, 100_000, 100_001, SEC // 10, SEC // 2]

REFLECT_ALL = (AclRule(PERMIT_REFLECT), AclRule(PERMIT_REFLECT, is_ipv6=True))
RULES = [
    AclRule(PERMIT_REFLECT),
    AclRule(PERMIT_REFLECT, is_ipv6=True),
    AclRule(PERMIT_REFLECT, proto=6),
    AclRule(PERMIT_REFLECT, proto=6, tcp_flags_mask=SYN, tcp_flags_value=SYN),
    AclRule(PERMIT_REFLECT, proto=17),
    AclRule(PERMIT),
    AclRule(DENY, proto=1),
    AclRule(DENY, src=0xC0A80000, src_prefixlen=16),
]
#: Mostly with an ACL that reflects, or nothing much happens.
ACL_LISTS = [(), (0,), (0,), (0,), (1,), (1, 0), (2, 1), (9,)]
ADVANCES_NS = [0, 1, 50_000, 100_000, SEC // 2, SEC, SEC, SEC + 1, 2 * SEC, 3 * SEC, 9 * SEC]
TIMEOUTS_S = [1, 1, 2, 3, 7]
MAX_ENTRIES = [1, 3, 8, 1000, 1000, 1000]

Action = tuple[Any, ...]


def _send(random: Random) -> Action:
    gaps = random.choice([[0], GAPS_NS])
    packets = random.choice([CONNECTIONS, PACKETS])
    count = random.randint(1, 30)
    drawn = [(random.choice(gaps), random.choice(packets)) for _ in range(count)]
    return "send", drawn, random.choice([None, random.randint(1, 60)])


def _rules(random: Random) -> Action:
    rules = tuple(random.sample(RULES, random.randint(0, 4)))
    return "rules", random.randint(0, 2), random.choice([REFLECT_ALL, rules])


#: What can happen: how often, and how it is drawn.
ACTIONS: dict[str, tuple[int, Callable[[Random], Action]]] = {
    "send": (10, _send),
    "advance": (8, lambda r: ("advance", r.choice(ADVANCES_NS))),
    "burst": (2, lambda r: ("burst", r.randint(1, 30), r.choice([0, SYN]))),
    "timeout": (2, lambda r: ("timeout", r.randint(0, 2), r.choice(TIMEOUTS_S))),
    "rules": (1, _rules),
    "max_entries": (1, lambda r: ("max_entries", r.choice(MAX_ENTRIES))),
    "reclassify": (1, lambda r: ("reclassify", r.random() < 0.6)),
    "placement": (1, lambda r: ("placement", r.random() < 0.5)),
    "apply": (2, lambda r: ("apply", r.randint(1, 3), r.random() < 0.5, r.choice(ACL_LISTS))),
    "clear": (2, lambda r: ("clear",)),
    "unapply": (1, lambda r: ("unapply", r.randint(1, 3))),
    "delete": (1, lambda r: ("delete", r.randint(1, 3))),
    "create": (2, lambda r: ("create",)),
}
#: Actions that (may) begin a clear.
CLEARING = {"clear", "unapply", "delete", "create", "apply"}


@dataclass(frozen=True)
class Plan:
    """A bench and what happens to it: pure data, so that it can be run in several ways."""

    workers: int
    flow_placement: bool
    max_entries: int
    quantum: int
    timeouts_s: tuple[int, int, int]
    #: Not shown: hypothesis shows the seed, and a whole plan is long.
    actions: tuple[Action, ...] = field(repr=False)


def plan_of(seed: int, length: int, clears: bool = True) -> Plan:
    """The plan of a seed; without `clears`, one in which no sessions are cleared.

    A longer plan of the same seed begins like a shorter one.
    """
    random = Random(seed)
    names = [name for name in ACTIONS if clears or name not in CLEARING]
    weights = [ACTIONS[name][0] for name in names]
    timeouts = [random.choice(TIMEOUTS_S) for _ in range(3)]
    bench = (
        random.randint(0, 3),
        random.random() < 0.4,
        random.choice(MAX_ENTRIES),
        random.choice([2, 5, 5, 100]),
        (timeouts[0], timeouts[1], timeouts[2]),
    )
    drawn = [ACTIONS[random.choices(names, weights)[0]][1](random) for _ in range(length)]
    return Plan(*bench, tuple(drawn))


def plans(clears: bool = True, max_actions: int = 16) -> st.SearchStrategy[Plan]:
    """Plans of many seeds; hypothesis varies the seed, and makes a failing plan shorter."""
    seeds, lengths = st.integers(0, 1 << 32), st.integers(max_actions // 2, max_actions)
    return st.builds(plan_of, seeds, lengths, st.just(clears))


# --- who watches -----------------------------------------------------------------------------


@dataclass
class Watch:
    """Hears all events as they happen, and asserts what DESIGN promises of sessions."""

    am: AclMain
    #: Nobody comes in between: then a packet's touch and its verdict are one.
    fair: bool
    events: list[TraceEvent] = field(default_factory=list)
    #: Live sessions: (thread, slot) -> sw_if_index, and when a verdict last named them.
    live: dict[tuple[int, int], int] = field(default_factory=dict)
    last_active: dict[tuple[int, int], int] = field(default_factory=dict)
    timeouts_changed: int = 0
    #: Full quanta by thread: when.
    quanta: dict[int, list[int]] = field(default_factory=dict)
    #: Sweeps under way by thread: [interrupts so far, N, sessions that must go].
    sweeps: dict[int, tuple[list[int], int, set[tuple[int, int]]]] = field(default_factory=dict)

    def hear(self, event: TraceEvent) -> None:
        self.events.append(event)
        thread = event.thread_index
        match event:
            case SessionAdded():
                self.live[thread, event.session_index] = event.sw_if_index
                self.last_active[thread, event.session_index] = event.time
            case SessionDeleted():
                self.judged(event)
                self.gone(thread, event.session_index)
            case SessionRecycled():
                self.gone(thread, event.session_index)
            case InterruptServed():
                if event.taken >= self.am.max_deleted_sessions_per_interval:
                    self.quanta.setdefault(thread, []).append(event.time)
                if thread in self.sweeps:
                    self.sweeps[thread][0].append(event.time)
            case SweepStarted():
                self.sweep_starts(thread)
            case SweepFinished():
                self.sweep_ends(thread)
            case PacketVerdict():
                for check in event.checks:
                    if check.session is not None:
                        self.last_active[check.session] = event.time
            case _:
                pass

    def gone(self, thread: int, slot: int) -> None:
        del self.live[thread, slot]
        if thread in self.sweeps:
            self.sweeps[thread][2].discard((thread, slot))

    def judged(self, event: SessionDeleted) -> None:
        """The idle check deletes nothing too early, and nothing too late."""
        slot = (event.thread_index, event.session_index)
        session = self.am.workers[slot[0]].pool.session(slot[1])
        timeout = self.am.session_timeout[self.am.classes.session_get_timeout_type(session)]
        cleared = self.am.cleaner.clearing_bitmap >> event.sw_if_index & 1
        is_due = event.idle >= timeout or event.reclassified
        assert cleared or is_due, f"{event} went before {timeout}"
        assert cleared or not event.cleared
        if self.fair:
            assert event.time - event.idle == self.last_active[slot]
            if not self.am.cleaner.clearing_bitmap and not event.reclassified:
                self.in_time(slot, timeout, event.time)

    def in_time(self, slot: tuple[int, int], timeout: int, now: int) -> None:
        """A session is not alive later than its bound."""
        due = max(self.last_active[slot] + timeout, self.timeouts_changed)
        quanta = sum(time >= due for time in self.quanta.get(slot[0], ()))
        bound = due + self.am.shortest_timeout + SEC // 2 * (1 + quanta)
        assert now <= bound, f"{slot} alive {now - bound} ns after its bound"

    def nobody_is_late(self, now: int) -> None:
        """Of the sessions that are alive now; for the fair order, outside clears."""
        for slot in self.live:
            session = self.am.workers[slot[0]].pool.session(slot[1])
            timeout = self.am.session_timeout[self.am.classes.session_get_timeout_type(session)]
            self.in_time(slot, timeout, now)

    def sweep_starts(self, thread: int) -> None:
        bitmap = self.am.cleaner.clearing_bitmap
        mine = [slot for slot in self.live if slot[0] == thread]
        must_go = {slot for slot in mine if bitmap >> self.live[slot] & 1}
        assert thread not in self.sweeps
        self.sweeps[thread] = ([], len(mine), must_go)

    def sweep_ends(self, thread: int) -> None:
        """The bound and the promise of a clear."""
        interrupts, linked, must_go = self.sweeps.pop(thread)
        quantum = self.am.max_deleted_sessions_per_interval
        assert len(interrupts) <= max(1, -(-linked // quantum))
        assert not must_go, f"{must_go} outlived the clear"


# --- how it is run ---------------------------------------------------------------------------

How = Literal["straight", "steps", "random", "random steps", "random with clock"]


class Run:
    """One plan, run in one way: `steps` checks the state after every named step.

    `random with clock` does so too, and the clock is drawn like any other actor.
    """

    def __init__(
        self,
        plan: Plan,
        how: How = "straight",
        frame_size: int = 256,
        seed: int = 1,
        heard: bool = True,
        kept: bool = False,
    ):
        self.how = how
        self.frame_size = frame_size
        self.driver = SteppedDriver(
            plan.workers, "random" if how.startswith("random") else "fair", seed
        )
        self.machine = self.driver.machine
        self.am = am = self.machine.am
        self.random = Random(seed)
        self.watch = Watch(am, fair=not how.startswith("random"))
        am.tell.listener = self.watch.hear if heard else None
        if kept:
            self.driver.handled, outcomes = [], Outcomes()
            for worker in am.workers:
                worker.outcomes = outcomes
        if not heard:
            self.machine.datapath.warm_up_sessions = 0  # as if the table were a large one
        set_up(self.machine, 3)
        self.machine.acl_add_replace(None, REFLECT_ALL[::-1], "")
        self.machine.acl_add_replace(None, (AclRule(DENY),), "")
        for interface in (1, 2):
            for is_input in (False, True):
                self.machine.set_interface_acls(am.interface(interface), is_input, (0,))
        for timeout_class, seconds in enumerate(plan.timeouts_s):
            self.machine.set_session_timeout(timeout_class, seconds)
        am.flow_placement = plan.flow_placement
        am.conn_table_max_entries = plan.max_entries
        am.max_deleted_sessions_per_interval = plan.quantum
        self.handed_in = 0
        self.last_packet = 0
        self.created = 0
        for action in plan.actions:
            getattr(self, action[0])(*action[1:])
            check_invariants(am, at_rest=self.driver.at_rest())
        self.run_until(max(self.driver.now, self.last_packet))

    @property
    def events(self) -> list[TraceEvent]:
        return self.watch.events

    def run_until(self, until: int) -> None:
        driver = self.driver
        if self.how not in ("straight", "random"):
            while driver.next_time() <= until:
                self.step(until)
        driver.run_until(until)

    def step(self, until: int) -> None:
        """One step, of which there is one up to `until`."""
        actor = None
        if self.how == "random with clock":
            choices = self.driver.choices()
            if self.driver.clock_due() > until and CLOCK in choices:
                choices.remove(CLOCK)
            actor = self.random.choice(choices)
        self.driver.step(actor)
        check_invariants(self.am, at_rest=self.driver.at_rest())

    def state(self) -> dict[str, Any]:
        """What must be the same whichever way led here."""
        am = self.am
        return {
            "now": self.driver.now,
            "tables": [
                None if i is None else sorted((k, s.thread_index) for k, s in reading.table(i))
                for i in am.interfaces
            ],
            "workers": [
                {name: getattr(w, name) for name in WORKER_FIELDS}
                | {
                    "lists": [
                        [(s.session_index, s.link_enqueue_time) for s in w.list_sessions(n)]
                        for n in range(3)
                    ]
                }
                for w in am.workers
            ],
            "cleaner": fields_of(am.cleaner),
        }

    # --- the actions -------------------------------------------------------------------------

    def hand_over(self, packets: list[tuple[int, int, bytes]], steps: int | None = None) -> None:
        """Queue packets, and run up to the last; in a random order perhaps only some steps.

        Then the next action finds packets, handlers and the cleaner half way.
        """
        self.driver.arrivals.frames.extend(frame_of(packets, self.handed_in).split(self.frame_size))
        self.handed_in += len(packets)
        self.last_packet = packets[-1][0]
        if steps is None or not self.how.startswith("random"):
            self.run_until(self.last_packet)
            return
        for _ in range(steps):
            if self.driver.next_time() <= self.last_packet:
                self.step(self.last_packet)

    def send(self, drawn: list[tuple[int, tuple[int, bytes]]], steps: int | None) -> None:
        time, packets = max(self.driver.now, self.last_packet), []
        for gap, (rx, data) in drawn:
            time += gap
            packets.append((time, rx, data))
        self.hand_over(packets, steps)

    def burst(self, count: int, flags: int) -> None:
        now = max(self.driver.now, self.last_packet)
        self.hand_over(
            [
                (now, 1, tcp_out(flags, 2000 + n) if flags else udp_out(2000 + n))
                for n in range(count)
            ]
        )

    def advance(self, nanoseconds: int) -> None:
        self.run_until(self.driver.now + nanoseconds)

    def timeout(self, timeout_class: int, seconds: int) -> None:
        self.machine.set_session_timeout(timeout_class, seconds)
        self.watch.timeouts_changed = self.driver.now

    def rules(self, acl_index: int, rules: tuple[AclRule, ...]) -> None:
        self.machine.acl_add_replace(acl_index, rules, "")

    def apply(self, interface: int, is_input: bool, acls: tuple[int, ...]) -> None:
        found = self.am.interfaces[interface]
        if found is not None and not found.deleted:
            self.machine.set_interface_acls(found, is_input, acls)

    def unapply(self, interface: int) -> None:
        self.apply(interface, True, ())
        self.apply(interface, False, ())

    def max_entries(self, entries: int) -> None:
        self.am.conn_table_max_entries = entries

    def reclassify(self, on: bool) -> None:
        self.am.reclassify_sessions = on

    def placement(self, by_flow: bool) -> None:
        self.am.flow_placement = by_flow

    def clear(self) -> None:
        self.machine.clear_sessions()

    def delete(self, interface: int) -> None:
        found = self.am.interfaces[interface]
        if found is not None and not found.deleted:
            self.machine.delete_interface(interface)

    def create(self) -> None:
        self.created += 1
        if len(self.am.interfaces) > 6:
            return
        made = self.machine.create_interface(f"new{self.created}")
        made.admin_up = True
        base = (0x0A000001, 0xC0A80001, 0xAC100001)[(made.sw_if_index - 1) % 3]
        if all(a != base for i in self.am.interfaces if i for a, _, _ in i.addresses):
            self.machine.add_address(made, base, 16, False)
        self.machine.set_interface_acls(made, True, (0,))


WORKER_FIELDS = {
    "head_expiry_time",
    "swipe_end_time",
    "serviced_sw_if_index_bitmap",
    "pending_clear_sw_if_index_bitmap",
    "clear_in_process",
    "interrupt_is_pending",
    "interrupt_is_needed",
    "interrupt_is_unwanted",
    "cnt_deleted_sessions",
    "cnt_cleared_sessions",
    "cnt_session_timer_restarted",
    "cnt_recycled_sessions",
    "cnt_interrupts_served",
    "cnt_class_changes",
    "live_sessions",
    "peak_sessions",
    "packet_reasons",
    "passed_checks",
}


def fates(run: Run) -> Counter[int]:
    """How many packets met each reason, over all threads."""
    total: Counter[int] = Counter()
    for worker in run.am.workers:
        total.update(worker.packet_reasons)
    return total
