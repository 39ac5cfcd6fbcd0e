"""What holds of any run: random ACLs, packets, workers, clears, recycling, reconfiguration."""

from __future__ import annotations

from collections import Counter
from random import Random

from drivers.scenario import PACKETS, How, Plan, Run, fates, plans
from engine.bench import ACK, SEC, SYN, T0, Hand, tcp_back, tcp_out, udp_out
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench.engine.counts import EVENT_KINDS, event_counts, event_total
from aclbench.engine.events import PacketVerdict, SessionDeleted, SessionRecycled

FRAME_SIZES = st.sampled_from([1, 2, 3, 5, 7, 16, 255])


@examples(100)
@given(plans(max_actions=20))
def test_the_state_is_right_whenever_the_machine_is_at_rest(plan: Plan):
    """Lists, tables, counters and flags agree; no session goes early; clears keep their bound."""
    Run(plan)


@examples(40)
@given(plans())
def test_the_state_is_right_after_every_named_step(plan: Plan):
    """In the fair order, with what is in hand counted."""
    Run(plan, "steps")


@examples(50)
@given(plans(), st.integers(0, 1000))
def test_the_state_is_right_after_every_step_in_any_order(plan: Plan, seed: int):
    """Whoever goes next: no interleaving of threads breaks a list, a table or a clear."""
    Run(plan, "random steps", seed=seed)


@examples(50)
@given(plans(), st.integers(0, 1000))
def test_the_state_is_right_whoever_is_chosen_the_clock_among_them(plan: Plan, seed: int):
    """The clock passes packets that wait, and turns that were begun, as it may by chance."""
    Run(plan, "random with clock", seed=seed)


@examples(50)
@given(plans(), FRAME_SIZES)
def test_the_frame_size_changes_nothing(plan: Plan, size: int):
    """The same verdicts, sessions and events, field for field."""
    whole, split = Run(plan), Run(plan, frame_size=size)
    assert split.events == whole.events
    assert split.state() == whole.state()


#: Much happens: every class, requeues, recycling, a clear in the middle of a frame, a deletion.
BUSY = Plan(
    workers=2,
    flow_placement=False,
    max_entries=12,
    quantum=5,
    timeouts_s=(2, 7, 1),
    actions=(
        ("send", [(0, packet) for packet in PACKETS], None),
        ("clear",),
        ("send", [(1000 * (n % 3), packet) for n, packet in enumerate(PACKETS * 2)], None),
        ("advance", SEC),
        ("send", [(70_000_000, packet) for packet in PACKETS], None),
        ("delete", 3),
        ("send", [(50_000, packet) for packet in PACKETS], None),
        ("burst", 30, SYN),
        ("timeout", 0, 1),
        ("advance", 3 * SEC),
    ),
)


def test_no_frame_size_changes_anything():
    """Each up to the longest send, on one run in which much happens; larger ones split nothing."""
    longest = max(len(action[1]) for action in BUSY.actions if action[0] == "send")
    whole = Run(BUSY)
    for size in range(1, longest):
        assert Run(BUSY, frame_size=size).events == whole.events


@examples(50)
@given(plans())
def test_straight_through_and_step_by_step_are_the_same(plan: Plan):
    """What a person steps through is what the fast way does, heard or unheard."""
    straight, steps, unheard = Run(plan), Run(plan, "steps"), Run(plan, heard=False)
    assert steps.events == straight.events
    assert steps.state() == straight.state()
    assert steps.state() == unheard.state()


@examples(40)
@given(
    plans(),
    st.sampled_from(["random", "random with clock"]),
    st.integers(0, 1000),
    FRAME_SIZES,
)
def test_the_same_seed_gives_the_same_events(plan: Plan, how: How, seed: int, size: int):
    """A random interleaving can be shown to someone else, in frames of any size."""
    once, again = Run(plan, how, seed=seed), Run(plan, how, size, seed)
    assert again.events == once.events
    assert again.state() == once.state()


@examples(100)
@given(plans(clears=False, max_actions=24))
def test_no_session_outlives_its_bound(plan: Plan):
    """Idle ones go: timeout, then at most the shortest timeout, half a second and the backlog."""
    run = Run(plan)
    run.watch.nobody_is_late(run.driver.now)
    for _ in range(4):
        run.advance(run.am.shortest_timeout)
        run.watch.nobody_is_late(run.driver.now)


@examples(50)
@given(plans(), st.sampled_from(["straight", "random"]))
def test_the_counters_know_how_many_events_there_were(plan: Plan, how):
    """A run that nobody listened to can still say so: each kind is counted where it happens."""
    run = Run(plan, how)
    heard = Counter(event.kind for event in run.events)
    assert dict(zip(EVENT_KINDS, event_counts(run.am), strict=True)) == {
        kind: heard[kind] for kind in EVENT_KINDS
    }
    assert event_total(run.am) == len(run.events)


@examples(50)
@given(plans(), st.sampled_from(["straight", "random"]))
def test_each_packet_is_counted_once(plan: Plan, how):
    """`read = permitted + denied + dropped + unchecked + not_ip + malformed`."""
    run = Run(plan, how)
    verdicts = [e for e in run.events if isinstance(e, PacketVerdict)]
    assert fates(run).total() == run.handed_in
    assert sorted(v.number for v in verdicts) == list(range(run.handed_in))
    assert fates(run) == Counter(v.reason for v in verdicts)


def quanta_of(bench: Hand, bitmap: int, times: list[int], random: Random) -> int:
    """Begin a clear by hand and serve interrupts at these times; returns how many it took.

    Between the interrupts packets arrive: new sessions, hits, class changes, recycling.
    """
    bench.begin_clear(bitmap)
    for taken, now in enumerate(times, start=1):
        bench.serve(now, check=False)
        if not bench.worker.clear_in_process:
            return taken
        for _ in range(random.randint(0, 20)):
            rx, data = random.choice(PACKETS)
            bench.packet(data, now, rx - 1)
    raise AssertionError("the clear does not end")


@examples(60)
@given(
    st.integers(0, 260),
    st.sampled_from([1, 7, 100]),
    st.sampled_from([0, 1, 100_000, SEC]),
    st.integers(1, 0b1111),
    st.integers(0, 1 << 32),
)
def test_a_clear_keeps_its_bound_and_its_promise(linked, quantum, tick, bitmap, seed):
    """Also with the clock standing still, and while others come, change and fall due."""
    random = Random(seed)
    bench = Hand(interfaces=3)
    for interface in range(3):
        bench.apply(interface, is_input=True)
        bench.apply(interface, is_input=False)
    bench.am.max_deleted_sessions_per_interval = quantum
    bench.am.conn_table_max_entries = 400
    for timeout_class in range(3):
        bench.machine.set_session_timeout(timeout_class, random.choice([1, 2, 600]))
    now = T0
    while len(bench.live()) < linked:
        sport = random.randint(1, 5000)
        flags = random.choice([SYN, SYN | ACK])
        rx, data = random.choice(
            [*PACKETS, (1, udp_out(sport)), (1, tcp_out(flags, sport)), (2, tcp_back(flags, sport))]
        )
        bench.packet(data, now, rx - 1)
        now += random.choice([0, 0, 1, SEC // 50])
    at_first = bench.live()
    must_go = {s.key for s in at_first if bitmap >> s.sw_if_index & 1}
    bench.events.clear()
    times = [now + n * tick for n in range(300)]
    interrupts = quanta_of(bench, bitmap, times, random)
    assert interrupts <= max(1, -(-len(at_first) // quantum))
    gone = {e.key for e in bench.events if isinstance(e, SessionDeleted | SessionRecycled)}
    assert must_go <= gone
