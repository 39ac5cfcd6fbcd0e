"""Runs the threaded driver against whatever may come in between: `python -m drivers.stress`.

    python -m drivers.stress --seconds 60               # in tests/
    python -m drivers.stress --first 4711 --seeds 1     # a seed that failed, again

A seed is one short run: random traffic, workers that stall, interrupts that come late, and a second
thread that clears, reconfigures and looks on meanwhile, mostly with no barrier at all. The seed
fixes the plan and each thread's chances; who goes when is the operating system's to say, so a seed
that failed may pass. Whenever nothing runs, the state is checked. A run that hangs is a failure:
the watchdog says where every thread is.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from drivers.scenario import ACL_LISTS, CONNECTIONS, GAPS_NS, PACKETS, REFLECT_ALL, RULES
from engine.bench import SEC, SYN, address, set_up, tcp_out, udp_out

from aclbench.drivers.batch import Batch
from aclbench.drivers.driver import CLEANER
from aclbench.drivers.frame import Frame, frame_of_packets
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.drivers.worker_thread import WorkerThread
from aclbench.engine import reading
from aclbench.engine.acl import DENY, PERMIT, AclRule
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.engine.invariants import check_invariants, describe_state
from aclbench.engine.main import Interface
from aclbench.engine.packet import Packet, parse_ethernet
from aclbench.engine.session import SessionId
from aclbench.engine.steps import CleanerEvent, WaitKind
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker
from aclbench.errors import ThreadError

#: A seed takes some ten milliseconds. It hangs if for so long nothing of it gets done, looked at
#: TICKS_PER_S times a second by a thread that waits for the processor as they all do; or if it
#: takes so much of the processor's time.
WATCHDOG_S = 20.0
TICKS_PER_S = 20
MAX_CPU_S = 60.0
#: After the watchdog has failed the run, its threads have so long to end.
GRACE_S = 10.0
#: Runs until the cleaner is at rest, each at least so long: a clear that takes more never ends.
#: By the wall's clock they are more, since the machine may have other work.
MAX_RUNS_TO_REST, MAX_RUNS_TO_REST_BY_CLOCK = 60, 500
RUN_TO_REST_NS, RUN_TO_REST_S = SEC // 5, 0.005
#: Timeouts go up to 3 s, but a quantum may be small and interrupts may come late.
AGED_OUT_NS, MAX_RUNS_TO_AGE = 10 * SEC, 100
#: Packets of a run at most; it ends sooner, when all commands were given.
MAX_PACKETS = 3000
#: Trace events shown of a run that failed.
LAST_EVENTS = 50

Command = tuple[Any, ...]
Parsed = tuple[int, Packet]


def parsed(packets: list[tuple[int, bytes]]) -> list[Parsed]:
    """Packets of a table, parsed once for all seeds."""
    return [(rx, parse_ethernet(data)) for rx, data in packets]


#: Packets that meet each other's sessions, all kinds of packets, and many sessions at once.
TRAFFIC = [
    parsed(CONNECTIONS),
    parsed(PACKETS),
    parsed(
        [(1, tcp_out(SYN, sport)) for sport in range(2000, 2080)]
        + [(1, udp_out(sport)) for sport in range(2000, 2040)]
    ),
]
#: pg0, pg1, pg2: their addresses in both families, as `set_up` gives them.
SUBNETS = [
    (address(four), address(f"fd00:{n}::1"))
    for n, four in enumerate(("10.0.0.1", "192.168.0.1", "172.16.0.1"), start=1)
]
#: Rules of ACL 0: everything, longer and shorter sets, nothing.
RULE_SETS = [
    REFLECT_ALL,
    REFLECT_ALL,
    (*[AclRule(DENY, proto=proto) for proto in (47, 50, 51)], *REFLECT_ALL),
    (AclRule(PERMIT),),
    (),
]

# --- what a seed says ------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """A bench, how it is run, and what is done to it meanwhile: pure data, drawn beforehand."""

    seed: int
    workers: int
    speed: float | None
    by_connection: bool
    flow_placement: bool
    timeouts_s: tuple[int, int, int]
    quantum: int
    max_entries: int
    heard: bool
    #: How long the interpreter lets a thread run before another's turn, in seconds.
    switch_interval: float
    #: Probability of a stall at each place where there can be one, and of a late interrupt.
    stalls: float
    late: float
    #: Pause in seconds, whether behind the barrier, what, and its arguments.
    commands: tuple[tuple[float, bool, str, Command], ...]


#: What the command thread does: how often, and how it is drawn. The names are methods of Stress.
COMMANDS: dict[str, tuple[int, Callable[[Random], Command]]] = {
    "clear": (4, lambda r: ()),
    "off_and_on": (4, lambda r: (r.randint(1, 3), r.choice([0.0, 0.0, 0.001]))),
    "apply": (2, lambda r: (r.randint(1, 3), r.random() < 0.5, r.choice(ACL_LISTS))),
    "rules": (3, lambda r: (r.choice([*RULE_SETS, tuple(r.sample(RULES, r.randint(0, 4)))]),)),
    "delete": (2, lambda r: (r.randint(1, 3),)),
    "create": (3, lambda r: ()),
    "max_entries": (2, lambda r: (r.choice([1, 3, 8, 1000, 1000]),)),
    "timeout": (2, lambda r: (r.randint(0, 2), r.randint(1, 3))),
    "rx_thread": (1, lambda r: (r.randint(1, 3), r.randint(1, 4))),
    "look": (3, lambda r: ()),
    "jump": (1, lambda r: (r.randint(0, 2 * SEC),)),
}


def plan_of(seed: int) -> Plan:
    """The plan of a seed."""
    r = Random(seed)
    names, weights = list(COMMANDS), [weight for weight, _ in COMMANDS.values()]
    commands = []
    for _ in range(r.randint(5, 25)):
        name = r.choices(names, weights)[0]
        pause = r.choice([0.0, 0.0, 0.0005, 0.001, 0.002])
        commands.append((pause, r.random() < 0.25, name, COMMANDS[name][1](r)))
    return Plan(
        seed,
        workers=r.randint(1, 4),
        speed=r.choice([None, None, 50.0, 200.0, 1000.0, 2000.0]),
        by_connection=r.random() < 0.6,
        flow_placement=r.random() < 0.4,
        timeouts_s=(r.randint(1, 3), r.randint(1, 3), r.randint(1, 3)),
        quantum=r.choice([2, 5, 100]),
        max_entries=r.choice([2, 8, 1000, 1000, 1000]),
        heard=r.random() < 0.6,
        switch_interval=r.choice([0.005, 0.0005, 0.00005, 0.000005]),
        stalls=r.choice([0.0, 0.02, 0.1]),
        late=r.choice([0.0, 0.0, 0.1]),
        commands=tuple(commands),
    )


class Chances:
    """For each thread a Random of its own: its numbers do not depend on what others draw."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._by_name: dict[str, Random] = {}

    def here(self) -> Random:
        """That of the thread that asks."""
        name = threading.current_thread().name
        found = self._by_name.get(name)
        if found is None:
            found = self._by_name[name] = Random(f"{self._seed} {name}")
        return found


# --- a driver whose threads stall ------------------------------------------------------------


class StressThread(WorkerThread):
    """A worker that is held up ahead of interrupts and packets, now and then."""

    #: Sleeps a little, or not.
    stall: Callable[[], None]

    def _serve_interrupt(self) -> None:
        self.stall()
        super()._serve_interrupt()

    def _process(self, batch: Batch) -> None:
        self.stall()
        super()._process(batch)


class StressDriver(ThreadedDriver):
    """Stalls its threads where the machine calls out, and raises some interrupts late."""

    thread_type: ClassVar[type[WorkerThread]] = StressThread

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.chances = Chances(plan.seed)
        self.late: list[threading.Timer] = []
        super().__init__(plan.workers, plan.speed, plan.by_connection)
        for thread in self.pool.threads:
            assert isinstance(thread, StressThread)
            thread.stall = self.stall

    def stall(self) -> None:
        """Sleep up to 3 ms, or let somebody else go on; mostly do nothing."""
        chance = self.chances.here()
        if chance.random() < self.plan.stalls:
            time.sleep(chance.choice([0.0, 0.0, 0.0001, 0.0005, 0.003]))

    def yield_now(self) -> None:
        """Let somebody else go on, perhaps."""
        if self.chances.here().random() < self.plan.stalls:
            time.sleep(0)

    def raise_interrupt(self, thread_index: int) -> None:
        chance = self.chances.here()
        if chance.random() < self.plan.late:
            timer = threading.Timer(
                chance.choice([0.0, 0.0005, 0.002]), super().raise_interrupt, (thread_index,)
            )
            self.late.append(timer)
            timer.start()
        else:
            super().raise_interrupt(thread_index)

    def signal_cleaner(self, event: CleanerEvent) -> None:
        self.yield_now()
        super().signal_cleaner(event)

    def memory_barrier(self) -> None:
        self.yield_now()
        super().memory_barrier()

    def _end(self) -> None:
        for timer in self.late:
            timer.join()
        self.late.clear()
        super()._end()


# --- drivers that are wrong ------------------------------------------------------------------


class LostInterrupt(StressThread):
    """Forgets an interrupt now and then."""

    def _serve_interrupt(self) -> None:
        if self.raised % 5:
            super()._serve_interrupt()


class LostPacket(StressThread):
    """Handles a packet that is counted nowhere, now and then."""

    def _process(self, batch: Batch) -> None:
        super()._process(batch)
        reasons = self.worker.packet_reasons
        if batch.last % 7 == 0:
            reasons[max(reasons)] -= 1


class WrongCount(StressThread):
    """Counts an added session that was not."""

    def _process(self, batch: Batch) -> None:
        super()._process(batch)
        adds = self.worker.session_adds_by_sw_if_index
        if 1 in adds and batch.first % 5 == 0:
            adds[1] += 1


class Unlisted(StressThread):
    """Leaves a session in its table that is on no list."""

    def _process(self, batch: Batch) -> None:
        super()._process(batch)
        worker = self.worker
        for session in worker.list_sessions(2)[:1]:
            self.machine.sessions.conn_list_delete_session(worker, session, batch.now)


class Raises(StressThread):
    """Fails with an exception."""

    def _serve_interrupt(self) -> None:
        self.doing = "failing"
        if self.served > 3:
            raise ZeroDivisionError("on purpose")
        super()._serve_interrupt()


class Stuck(StressThread):
    """Never returns."""

    def _process(self, batch: Batch) -> None:
        self.doing = "being stuck"
        threading.Event().wait()


class StuckUntilItFails(StressThread):
    """Returns when the watchdog has failed the run."""

    def _process(self, batch: Batch) -> None:
        self.doing = "being stuck"
        while self.pool.failure is None:
            time.sleep(0.01)


#: For the tests of this harness: each must be found.
FAULTS: dict[str, type[StressThread]] = {
    "lost-interrupt": LostInterrupt,
    "lost-packet": LostPacket,
    "wrong-count": WrongCount,
    "unlisted": Unlisted,
    "raises": Raises,
    "stuck": Stuck,
    "stuck-until-it-fails": StuckUntilItFails,
}


# --- a run -----------------------------------------------------------------------------------


class Hang(Exception):
    """A seed did not end; the text says where every thread is."""


class Traffic:
    """The source of the packets: called by vpp_main, and ended by the run."""

    def __init__(self, plan: Plan, begin: int) -> None:
        self.random = Random(f"{plan.seed} traffic")
        self.speed = plan.speed
        self.time = begin
        self.made = 0
        #: So many packets are made at least; and no more from when `ended` is set.
        self.least = self.random.choice([20, 100, 200])
        self.ended = False

    def __call__(self) -> Frame | None:
        if self.made >= MAX_PACKETS or (self.ended and self.made >= self.least):
            return None
        chance = self.random
        table = chance.choice(TRAFFIC)
        drawn = chance.choices(table, k=chance.choice([1, 3, 10, 40]))
        gap = self.draw_gap(len(drawn))
        times = []
        for _ in drawn:
            self.time += gap()
            times.append(self.time)
        first, self.made = self.made, self.made + len(drawn)
        return frame_of_packets(
            times,
            range(first, self.made),
            [rx for rx, _ in drawn],
            [packet for _, packet in drawn],
        )

    def draw_gap(self, count: int) -> Callable[[], int]:
        """How the gaps of a frame are drawn. By the wall's clock it lasts no more than 2 ms."""
        chance = self.random
        if self.speed is None:
            gaps = chance.choice([[0], GAPS_NS, [0, SEC // 50]])
            return lambda: chance.choice(gaps)
        most = int(chance.choice([0, 100_000, 2_000_000]) * self.speed) // count
        return lambda: chance.randint(0, most)


class Stress:
    """One seed's bench, the thread that does things to it, and the run."""

    def __init__(self, plan: Plan, fault: str | None = None) -> None:
        self.plan = plan
        self.random = Random(f"{plan.seed} run")
        self.driver = make_driver(plan, fault)
        self.machine = machine = self.driver.machine
        self.am = am = machine.am
        self.events: list[TraceEvent] = []
        self.created = 0
        #: Commands given and runs made; two threads count, and one may be lost.
        self.steps = 0
        #: Held for each command, and while the state is checked.
        self.gate = threading.Lock()
        self.commander = threading.Thread(target=self.give_commands, name="command")
        #: What went wrong in a thread that nobody drives.
        self.errors: list[BaseException] = []
        set_up(machine, 3)
        machine.acl_add_replace(None, REFLECT_ALL[::-1], "")
        machine.acl_add_replace(None, (AclRule(DENY),), "")
        for interface in (1, 2):
            for is_input in (False, True):
                machine.set_interface_acls(am.interface(interface), is_input, (0,))
        for timeout_class, seconds in enumerate(plan.timeouts_s):
            machine.set_session_timeout(timeout_class, seconds)
        am.flow_placement = plan.flow_placement
        am.conn_table_max_entries = plan.max_entries
        am.max_deleted_sessions_per_interval = plan.quantum
        self.traffic = Traffic(plan, self.driver.now)
        self.driver.arrivals.source = self.traffic
        if plan.heard:
            am.tell.listener = self.hear

    @property
    def done(self) -> int:
        """Counts what gets done: packets, commands, runs."""
        return self.driver.packets_handled + self.steps

    def hear(self, event: TraceEvent) -> None:
        self.events.append(event)
        self.driver.yield_now()

    # --- what is done meanwhile ----------------------------------------------------------------

    def give_commands(self) -> None:
        """The command thread."""
        try:
            for pause, behind_barrier, name, arguments in self.plan.commands:
                time.sleep(pause)
                self.steps += 1
                with self.gate:
                    command = getattr(self, name)
                    if behind_barrier:
                        self.driver.on_main(lambda c=command, a=arguments: c(*a))
                    else:
                        command(*arguments)
        except BaseException as error:
            self.errors.append(error)
        finally:
            self.traffic.ended = True

    def found(self, sw_if_index: int) -> Interface | None:
        """The interface at an index, unless it is free or about to be."""
        interface = self.am.interfaces[sw_if_index]
        return None if interface is None or interface.deleted else interface

    def clear(self) -> None:
        self.machine.clear_sessions()

    def apply(self, sw_if_index: int, is_input: bool, acls: tuple[int, ...]) -> None:
        interface = self.found(sw_if_index)
        if interface is not None:
            self.machine.set_interface_acls(interface, is_input, acls)

    def off_and_on(self, sw_if_index: int, pause: float) -> None:
        """The last ACL off, which clears, and at once or a little later on again."""
        for is_input in (True, False):
            self.apply(sw_if_index, is_input, ())
        time.sleep(pause)
        for is_input in (True, False):
            self.apply(sw_if_index, is_input, (0,))

    def rules(self, rules: tuple[AclRule, ...]) -> None:
        self.machine.acl_add_replace(0, rules, "")

    def delete(self, sw_if_index: int) -> None:
        if self.found(sw_if_index) is not None:
            self.machine.delete_interface(sw_if_index)

    def create(self) -> None:
        """Make an interface of every one that was deleted, if it is gone."""
        for four, six in SUBNETS:
            if any(a == four for i in self.am.interfaces if i for a, _, _ in i.addresses):
                continue
            self.created += 1
            made = self.machine.create_interface(f"new{self.created}")
            self.machine.add_address(made, four, 16, False)
            self.machine.add_address(made, six, 64, True)
            for is_input in (True, False):
                self.machine.set_interface_acls(made, is_input, (0,))
            made.admin_up = True

    def max_entries(self, entries: int) -> None:
        self.am.conn_table_max_entries = entries

    def timeout(self, timeout_class: int, seconds: int) -> None:
        self.machine.set_session_timeout(timeout_class, seconds)

    def rx_thread(self, sw_if_index: int, thread_index: int) -> None:
        interface = self.found(sw_if_index)
        if interface is not None:
            interface.rx_thread = min(thread_index, self.plan.workers)

    def jump(self, nanoseconds: int) -> None:
        self.driver.jump_to(self.driver.now + nanoseconds)

    def look(self) -> None:
        """At its safe point nothing of a worker is half done."""
        for worker_problems in self.driver.at_safe_points(problems_at_safe_point):
            assert not worker_problems, worker_problems

    # --- the run -------------------------------------------------------------------------------

    def run(self) -> None:
        """Slices of a run while commands are given; then the rest, a clear, and the balance."""
        self.commander.start()
        try:
            while self.commander.is_alive():
                self.run_slice()
                self.check()
        finally:
            self.traffic.ended = True
            self.commander.join()
        self.raise_errors()
        self.driver.run_packets()
        self.come_to_rest()
        self.age_out()
        self.machine.clear_sessions()
        self.come_to_rest()
        alive = self.am.live_sessions()
        assert alive == 0, f"{alive} sessions outlived the clear of all\n{describe_state(self.am)}"
        self.check_balance()

    def run_slice(self) -> None:
        """A short run: up to a time, or of some packets."""
        self.steps += 1
        chance, driver = self.random, self.driver
        if chance.random() < 0.3:
            most, before = chance.randint(1, 50), driver.packets_handled
            driver.run_packets(most)
            assert driver.packets_handled - before <= most, "more packets than asked for"
        elif self.plan.speed is None:
            until = driver.now + chance.choice([0, SEC // 10, SEC, 4 * SEC])
            driver.run_until(until)
            assert driver.now >= until
        else:
            driver.run_until(driver.now + int(chance.choice([0.001, 0.01]) * self.plan.speed * SEC))

    def come_to_rest(self) -> None:
        """Run on until the cleaner is at rest: every clear ends. Then check all there is."""
        step, runs = RUN_TO_REST_NS, MAX_RUNS_TO_REST
        if self.plan.speed is not None:
            step = max(step, int(RUN_TO_REST_S * self.plan.speed * SEC))
            runs = MAX_RUNS_TO_REST_BY_CLOCK
        for _ in range(runs):
            self.driver.run_until(self.driver.now + step)
            self.steps += 1
            if not self.unrest():
                break
        else:
            raise AssertionError(f"{self.unrest()}\n{describe_state(self.am)}")
        self.check()

    def unrest(self) -> str:
        """Why it is not at rest; empty if it is."""
        am = self.am
        if self.driver.upcoming(CLEANER) == WaitKind.SUSPEND.value or am.cleaner.clearing_bitmap:
            return "a clear does not end"
        for worker in am.packet_workers:
            if worker.clear_in_process:
                return f"thread {worker.thread_index} does not end its clear"
            if worker.interrupt_is_pending:
                return f"an interrupt of thread {worker.thread_index} is pending for ever"
        if am.live_sessions() and am.cleaner.wait.until == NEVER:
            return "there are sessions, but the cleaner waits for an event alone"
        return ""

    def age_out(self) -> None:
        """With no more packets, sessions end by themselves; where that takes no time."""
        if self.plan.speed is not None and self.plan.speed < 1000:
            return
        for _ in range(MAX_RUNS_TO_AGE):
            self.driver.run_until(self.driver.now + AGED_OUT_NS)
            self.come_to_rest()
            if not self.am.live_sessions():
                return
        raise AssertionError(f"{self.am.live_sessions()} do not age\n{describe_state(self.am)}")

    # --- what must hold ------------------------------------------------------------------------

    def check(self) -> None:
        """Nothing runs: everything fits."""
        self.raise_errors()
        with self.gate:
            am = self.am
            check_invariants(am, at_rest=True)
            for worker in am.workers:
                found = problems_at_safe_point(worker, self.driver.now)
                assert not found, f"{found}\n{describe_state(am)}"
            in_tables = {where for i in am.interfaces if i for _, where in reading.table(i)}
            on_lists = {
                SessionId(w.thread_index, s.session_index)
                for w in am.workers
                for n in range(3)
                for s in w.list_sessions(n)
            }
            assert in_tables == on_lists, f"tables and lists differ\n{describe_state(am)}"
            assert len(in_tables) == am.live_sessions()
            counted = sum(self.fates().values())
            handled = self.driver.packets_handled
            assert counted == handled, f"{counted} packets counted, {handled} handled"

    def check_balance(self) -> None:
        """Every packet that was made has been handled, once, and has its verdict."""
        made = self.traffic.made
        assert self.driver.packets_handled == made, f"{self.driver.packets_handled} of {made}"
        if self.plan.heard:
            verdicts = [event for event in self.events if isinstance(event, PacketVerdict)]
            assert sorted(v.number for v in verdicts) == list(range(made))
            assert Counter(v.reason for v in verdicts) == self.fates()

    def fates(self) -> Counter[int]:
        """How many packets met each reason."""
        total: Counter[int] = Counter()
        for worker in self.am.workers:
            total.update(worker.packet_reasons)
        return total

    def raise_errors(self) -> None:
        if self.errors:
            raise self.errors[0]

    def describe(self) -> str:
        """Where every thread is, and what the machine looks like, while it hangs."""
        lines = [f"seed {self.plan.seed} hangs: {self.plan}"]
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        for ident, frame in sys._current_frames().items():
            lines.append(f"--- {names.get(ident, ident)}\n{''.join(traceback.format_stack(frame))}")
        lines += [f"{t.name}: {t.doing or 'idle'}" for t in self.driver.pool.threads]
        lines.append(f"cleaner: {self.driver.upcoming(CLEANER)}")
        try:
            lines.append(describe_state(self.am))
        except Exception as error:  # its threads run
            lines.append(f"the state cannot be shown: {error!r}")
        lines += [repr(event) for event in self.events[-LAST_EVENTS:]]
        if not self.plan.heard:
            lines.append("nobody listened: there are no trace events")
        return "\n".join(lines)


def make_driver(plan: Plan, fault: str | None) -> StressDriver:
    """The driver of a plan, or one that is wrong."""
    if fault is None:
        return StressDriver(plan)

    class Wrong(StressDriver):
        thread_type = FAULTS[fault]

    return Wrong(plan)


def problems_at_safe_point(worker: Worker, now: int) -> str:
    """What does not fit among a worker's own data, on its own thread; empty if all does."""
    name = f"thread {worker.thread_index} at {now}"
    listed = 0
    for list_id in range(3):
        sessions = worker.list_sessions(list_id)
        times = [session.link_enqueue_time for session in sessions]
        if times != sorted(times):
            return f"{name}: the enqueue times of list {list_id} fall"
        if len(sessions) != worker.conn_list_length[list_id]:
            return f"{name}: list {list_id} has {len(sessions)} sessions, and says otherwise"
        listed += len(sessions)
    if worker.expired:
        return f"{name}: sessions are in hand"
    adds = sum(worker.session_adds_by_sw_if_index.values())
    dels = sum(worker.session_dels_by_sw_if_index.values())
    if not listed == worker.live_sessions == adds - dels:
        return f"{name}: {listed} listed, {worker.live_sessions} alive, add {adds} - del {dels}"
    return ""


class Watchdog:
    """Within it, a run that does not end in time is failed; if even then it does not, so are we."""

    def __init__(self, stress: Stress, seconds: float, grace_s: float) -> None:
        self.stress = stress
        self.report = ""
        self._ticks = int(seconds * TICKS_PER_S)
        self._grace_s = grace_s
        self._over = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="watchdog")

    def __enter__(self) -> Watchdog:
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watching.join()

    def _watch(self) -> None:
        done, idle, began = self.stress.done, 0, time.process_time()
        while idle < self._ticks and time.process_time() - began < MAX_CPU_S:
            if self._over.wait(1 / TICKS_PER_S):
                return
            idle = idle + 1 if self.stress.done == done else 0
            done = self.stress.done
        self._bark()

    def _bark(self) -> None:
        self.report = self.stress.describe()
        self.stress.driver.pool.thread_failed("the watchdog", "waiting", Hang("it does not end"))
        if not self._over.wait(self._grace_s):
            print(self.report, file=sys.__stderr__)
            print(f"seed {self.stress.plan.seed} hangs, for good", file=sys.__stderr__, flush=True)
            os._exit(1)  # threads that never return cannot be ended


def run_seed(
    seed: int,
    fault: str | None = None,
    watchdog_s: float = WATCHDOG_S,
    grace_s: float = GRACE_S,
) -> Stress:
    """Run one seed. Any exception is a failure; a run that does not end is a `Hang`."""
    plan = plan_of(seed)
    before = set(threading.enumerate())
    stress = Stress(plan, fault)
    switch_interval, hook = sys.getswitchinterval(), threading.excepthook
    threading.excepthook = lambda caught: stress.errors.append(caught.exc_value)
    sys.setswitchinterval(plan.switch_interval)
    try:
        with Watchdog(stress, watchdog_s, grace_s) as watchdog:
            try:
                stress.run()
            except ThreadError:
                if watchdog.report:
                    raise Hang(watchdog.report) from None
                raise
    finally:
        sys.setswitchinterval(switch_interval)
        threading.excepthook = hook
    stress.raise_errors()
    left = set(threading.enumerate()) - before
    assert not left, f"threads are left: {left}"
    return stress


# --- the command -----------------------------------------------------------------------------


def again(seed: int) -> str:
    """The command that runs a seed again, from the top of the checkout."""
    return f"PYTHONPATH=tests .venv/bin/python -m drivers.stress --first {seed} --seeds 1"


def stress_for(options: argparse.Namespace, first: int) -> int:
    """Run seeds, so many or for so long; returns 1 at the first that fails."""
    began = said = time.monotonic()
    passed = packets = 0
    while True:
        now = time.monotonic()
        if passed == options.seeds or (options.seeds is None and now - began >= options.seconds):
            break
        if now - said >= 10:
            said = now
            print(f"{passed:,} seeds passed, {packets:,} packets", flush=True)
        seed = first + passed
        try:
            stress = run_seed(seed, options.fault, options.watchdog, options.grace)
            packets += stress.traffic.made
        except Exception:
            traceback.print_exc()
            print(plan_of(seed), file=sys.stderr)
            print(f"seed {seed} failed, after {passed:,}; again: {again(seed)}", flush=True)
            return 1
        passed += 1
    print(f"{passed:,} seeds from {first} on passed, {packets:,} packets, {now - began:.0f} s")
    return 0


def main() -> None:
    """Exit code 1 if a seed failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=None, help="as many as fit unless told")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--first", type=int, default=None, help="drawn unless told")
    parser.add_argument("--watchdog", type=float, default=WATCHDOG_S, help=argparse.SUPPRESS)
    parser.add_argument("--grace", type=float, default=GRACE_S, help=argparse.SUPPRESS)
    parser.add_argument("--fault", choices=FAULTS, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    first = random.SystemRandom().randrange(10**6) if options.first is None else options.first
    print(f"seeds from {first} on", flush=True)
    sys.exit(stress_for(options, first))


if __name__ == "__main__":
    main()
