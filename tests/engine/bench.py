"""A small bench for tests: crafted packets, a machine driven by hand, and a driven one.

Packets are made with `struct` alone, so that what reads them is tested against something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from struct import pack

from aclbench.drivers.frame import Frame, frame_of_packets
from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.stepping import Order
from aclbench.engine.acl import PERMIT_REFLECT, AclRule
from aclbench.engine.design import FIFO_2017, Design
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.invariants import check_invariants
from aclbench.engine.machine import Machine
from aclbench.engine.main import Interface
from aclbench.engine.packet import Packet, parse_ethernet
from aclbench.engine.pool import Session
from aclbench.engine.reasons import reason_text
from aclbench.engine.steps import CleanerEvent, Step, Wait, Wake
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.engine.worker import Worker

SEC = NS_PER_SEC
#: A time to begin at.
T0 = 1_000 * SEC

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
UDP_IDLE, TCP_IDLE, TCP_TRANSIENT = 0, 1, 2
#: Hosts behind pg0 and pg1.
INSIDE, OUTSIDE = "10.0.0.5", "192.168.0.5"
INSIDE6, OUTSIDE6 = "fd00:1::5", "fd00:2::5"

PERMIT_ALL = (AclRule(PERMIT_REFLECT), AclRule(PERMIT_REFLECT, is_ipv6=True))

# --- packets ---------------------------------------------------------------------------------


def ether(payload: bytes, ethertype: int, tags: Iterable[int] = ()) -> bytes:
    """An Ethernet frame, with a VLAN tag for each ethertype in `tags`."""
    return (
        bytes(12) + b"".join(pack("!HH", tag, 7) for tag in tags) + pack("!H", ethertype) + payload
    )


def ip4(
    l4: bytes,
    proto: int,
    src: str = INSIDE,
    dst: str = OUTSIDE,
    words: int = 5,
    fragment: int = 0,
) -> bytes:
    """An IPv4 packet; `words` is the header length, `fragment` the whole flags-and-offset field."""
    header = pack("!BBHHHBBH", 0x40 | words, 0, 4 * words + len(l4), 0, fragment, 64, proto, 0)
    addresses = ip_address(src).packed + ip_address(dst).packed
    return header + addresses + b"\x01" * (4 * max(words - 5, 0)) + l4


def ip6(payload: bytes, proto: int, src: str = INSIDE6, dst: str = OUTSIDE6) -> bytes:
    """An IPv6 packet; `payload` is the extension headers and L4."""
    header = pack("!IHBB", 6 << 28, len(payload), proto, 64)
    return header + ip_address(src).packed + ip_address(dst).packed + payload


def udp(sport: int, dport: int) -> bytes:
    """A UDP header."""
    return pack("!HHHH", sport, dport, 8, 0)


def tcp(sport: int, dport: int, flags: int) -> bytes:
    """A TCP header without options."""
    return pack("!HHIIBBHHH", sport, dport, 1, 1, 0x50, flags, 1024, 0, 0)


def icmp(icmp_type: int, code: int = 0) -> bytes:
    """An ICMP header, of either family."""
    return pack("!BBHI", icmp_type, code, 0, 1)


def frame4(
    l4: bytes, proto: int, src: str = INSIDE, dst: str = OUTSIDE, fragment: int = 0
) -> bytes:
    """An Ethernet frame with an IPv4 packet in it."""
    return ether(ip4(l4, proto, src, dst, fragment=fragment), 0x0800)


def frame6(payload: bytes, proto: int, src: str = INSIDE6, dst: str = OUTSIDE6) -> bytes:
    """An Ethernet frame with an IPv6 packet in it."""
    return ether(ip6(payload, proto, src, dst), 0x86DD)


def udp_out(sport: int = 1000, dport: int = 53) -> bytes:
    """From behind pg0 to behind pg1."""
    return frame4(udp(sport, dport), 17)


def udp_back(sport: int = 1000, dport: int = 53) -> bytes:
    """The answer to `udp_out` with the same ports."""
    return frame4(udp(dport, sport), 17, OUTSIDE, INSIDE)


def tcp_out(flags: int, sport: int = 1000, dport: int = 80) -> bytes:
    """From behind pg0 to behind pg1."""
    return frame4(tcp(sport, dport, flags), 6)


def tcp_back(flags: int, sport: int = 1000, dport: int = 80) -> bytes:
    """The answer to `tcp_out` with the same ports."""
    return frame4(tcp(dport, sport, flags), 6, OUTSIDE, INSIDE)


# --- the configuration of all benches --------------------------------------------------------


def address(text: str) -> int:
    """An address as the int that the engine keeps."""
    return int(ip_address(text))


def set_up(machine: Machine, interfaces: int = 2) -> list[Interface]:
    """Interfaces pg0, pg1, ... up, with addresses; ACL 0 permits and reflects everything."""
    subnets = ["10.0.0.1", "192.168.0.1", "172.16.0.1", "172.17.0.1"]
    made = []
    for n in range(interfaces):
        interface = machine.create_interface(f"pg{n}")
        interface.admin_up = True
        machine.add_address(interface, address(subnets[n]), 16, False)
        machine.add_address(interface, address(f"fd00:{n + 1}::1"), 64, True)
        made.append(interface)
    machine.acl_add_replace(None, PERMIT_ALL, "")
    return made


# --- by hand ---------------------------------------------------------------------------------


class Hand:
    """A machine whose interrupts and signals stay in `raised` and `signals` until asked for."""

    def __init__(self, workers: int = 0, interfaces: int = 2) -> None:
        self.signals: list[CleanerEvent] = []
        self.raised: list[int] = []
        self.interrupts_due: list[int] = []
        self.events: list[TraceEvent] = []
        self.machine = Machine(workers, self)
        self.am = self.machine.am
        self.am.tell.listener = self.events.append
        self.pg = set_up(self.machine, interfaces)
        self.cleaner = self.machine.cleaner.session_cleaner_process()
        self.wait = self.cleaner_runs(next(self.cleaner))
        #: The steps that the cleaner took when it last went on.
        self.cleaner_steps: list[Step] = []

    def raise_interrupt(self, thread_index: int) -> None:
        self.raised.append(thread_index)

    def interrupt_is_due_at(self, time: int) -> None:
        self.interrupts_due.append(time)

    def signal_cleaner(self, event: CleanerEvent) -> None:
        self.signals.append(event)

    def memory_barrier(self) -> None:
        pass

    @property
    def worker(self) -> Worker:
        """The first thread that carries packets."""
        return self.am.packet_workers[0]

    def apply(self, interface: int = 0, is_input: bool = True, acl: int = 0) -> None:
        """Apply an ACL to an interface, by its place in `pg`."""
        self.machine.set_interface_acls(self.pg[interface], is_input, (acl,))

    def packet(
        self, data: bytes, now: int, rx: int = 0, worker: Worker | None = None
    ) -> PacketVerdict:
        """Have a worker handle a packet, start to end."""
        parsed = parse_ethernet(data)
        self.machine.datapath.process_packet(
            worker or self.worker, self.pg[rx].sw_if_index, *parsed, now
        )
        verdict = self.events[-1]
        assert isinstance(verdict, PacketVerdict)
        return verdict

    def packet_steps(
        self, data: bytes, now: int, rx: int = 0, worker: Worker | None = None
    ) -> Iterator[Step]:
        """The same in named steps; each `next` takes the step that the last one named."""
        parsed = parse_ethernet(data)
        return self.machine.datapath.packet_steps(
            worker or self.worker, self.pg[rx].sw_if_index, *parsed, now
        )

    def serve(self, now: int, worker: Worker | None = None, check: bool = True) -> list[Step]:
        """Serve one interrupt on a worker; returns its steps. Checks the state after each."""
        steps = []
        for step in self.machine.idle_check.worker_conn_cleaner_process(worker or self.worker, now):
            steps.append(step)
            if check:
                check_invariants(self.am, at_rest=False)
        check_invariants(self.am, at_rest=False)
        return steps

    def cleaner_wakes(self, now: int, *events: CleanerEvent) -> Step | Wait:
        """Wake the cleaner, and no more: it has taken its events and says what comes next."""
        return self.cleaner.send(Wake(now, events))

    def cleaner_goes_on(self, now: int, *events: CleanerEvent) -> Wait:
        """Wake the cleaner, or let it go on; it runs until it waits again."""
        self.cleaner_steps = []
        self.wait = self.cleaner_runs(self.cleaner_wakes(now, *events), now)
        return self.wait

    def cleaner_runs(self, upcoming: Step | Wait, now: int = 0) -> Wait:
        """Take the cleaner's steps up to its next wait."""
        while isinstance(upcoming, Step):
            self.cleaner_steps.append(upcoming)
            upcoming = self.cleaner.send(Wake(now, ()))
        return upcoming

    def begin_clear(self, bitmap: int, worker: Worker | None = None) -> None:
        """What the cleaner writes to begin a clear on a worker."""
        worker = worker or self.worker
        self.am.cleaner.clearing_bitmap = bitmap
        worker.pending_clear_sw_if_index_bitmap = bitmap
        worker.clear_in_process = 1

    def live(self) -> list[Session]:
        """All live sessions, list by list, head first."""
        return [
            session
            for worker in self.am.workers
            for list_id in range(3)
            for session in worker.list_sessions(list_id)
        ]

    def heard(self, kind: type[TraceEvent]) -> list[TraceEvent]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]


# --- driven ----------------------------------------------------------------------------------


class Driven:
    """A machine under the stepped driver; `events` holds all that it told."""

    def __init__(
        self,
        workers: int = 0,
        order: Order = "fair",
        seed: int = 0,
        interfaces: int = 2,
        design: Design = FIFO_2017,
    ) -> None:
        self.driver = SteppedDriver(workers, order, seed, design)
        self.machine = self.driver.machine
        self.am = self.machine.am
        self.events: list[TraceEvent] = []
        self.am.tell.listener = self.events.append
        self.pg = set_up(self.machine, interfaces)
        self.sent = 0

    def queue(self, data: bytes, rx: int = 0, at: int | None = None) -> None:
        """Hand the driver a packet, for now unless said otherwise; nothing runs yet."""
        time = self.driver.now if at is None else at
        self.driver.arrivals.frames.append(
            frame_of([(time, self.pg[rx].sw_if_index, data)], self.sent)
        )
        self.sent += 1

    def send(self, data: bytes, rx: int = 0) -> PacketVerdict:
        """Hand over a packet and run what is left to do at this instant."""
        self.queue(data, rx)
        self.driver.settle()
        return self.verdicts()[-1]

    def advance(self, nanoseconds: int) -> None:
        """Run on, and check the state."""
        self.driver.run_until(self.driver.now + nanoseconds)
        check_invariants(self.am, at_rest=self.driver.at_rest())

    def apply(self, interface: int = 0, is_input: bool = True, acl: int = 0) -> None:
        """Apply an ACL to an interface, by its place in `pg`."""
        self.machine.set_interface_acls(self.pg[interface], is_input, (acl,))

    def step(self, actor: int | None = None) -> str:
        """One named step of an actor; returns its name, and checks the state."""
        taken = self.driver.step(actor)
        assert taken is not None
        check_invariants(self.am, at_rest=self.driver.at_rest())
        return taken.step

    def step_until(self, actor: int, upcoming: str) -> None:
        """Step an actor until the named step is its next."""
        for _ in range(1000):
            if self.driver.upcoming(actor) == upcoming:
                return
            self.step(actor)
        raise AssertionError(f"{actor} never came to {upcoming}")

    def verdicts(self) -> list[PacketVerdict]:
        return [event for event in self.events if isinstance(event, PacketVerdict)]

    def heard(self, kind: type[TraceEvent]) -> list[TraceEvent]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]


def frame_of(packets: list[tuple[int, int, bytes]], first_number: int = 0) -> Frame:
    """A frame of (time, sw_if_index, bytes)."""
    parsed: list[Packet] = [parse_ethernet(data) for _, _, data in packets]
    return frame_of_packets(
        [time for time, _, _ in packets],
        range(first_number, first_number + len(packets)),
        [rx for _, rx, _ in packets],
        parsed,
    )


def words(verdict: PacketVerdict) -> str:
    """Why a packet met its fate."""
    return reason_text(verdict.reason)


def actions(verdict: PacketVerdict) -> list[str]:
    """What each acl node said."""
    return [reason_text(check.reason) for check in verdict.checks]
