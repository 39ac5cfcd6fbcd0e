"""The design document's argument in numbers: what each way of aging costs, and how late it is.

Work is counted as comparisons count it (`engine.measuring`): one for each session that is linked or
unlinked, each timer that is set or stopped.
"""

from __future__ import annotations

import pytest
from designs.lateness import Gone, ended_by_non_owner, idle_from_10_s_on
from engine.bench import SEC, Driven, frame_of, udp_back, udp_out

from aclbench.designs import DESIGNS
from aclbench.drivers.driver import START_NS
from aclbench.engine.events import InterruptServed
from aclbench.engine.measuring import Measures
from aclbench.lab.figures import measures_of

MANY = 10_000


def made(design: str, workers: int = 0) -> tuple[Driven, Measures]:
    """A bench that counts what it costs."""
    bench = Driven(workers, design=DESIGNS[design])
    bench.apply(0)
    bench.apply(0, is_input=False)
    bench.advance(SEC // 100)
    return bench, measures_of(bench.machine, bench.driver.now)


def ask(bench: Driven, apart_ns: int) -> None:
    """A question over UDP from each of 10,000 ports; of packets nobody hears, which is faster."""
    listener, bench.am.tell.listener = bench.am.tell.listener, None
    begin, rx = bench.driver.now, bench.pg[0].sw_if_index
    packets = [(begin + port * apart_ns, rx, udp_out(port)) for port in range(MANY)]
    for first in range(0, MANY, 250):
        bench.driver.arrivals.frames.append(frame_of(packets[first : first + 250], first))
    bench.driver.run_until(begin + SEC)
    bench.am.tell.listener = listener


def seconds(time: int) -> float:
    return (time - START_NS) / SEC


# --- "a spike of 10000 expired timers" -----------------------------------------------------------


@pytest.mark.parametrize("design", ["wheel", "wheel-lazy"])
@pytest.mark.compiled_only
def test_sessions_of_one_tick_end_in_one_interrupt_of_a_wheel(design: str) -> None:
    """Each is unlinked, and its timer stopped; nothing was looked at before."""
    bench, measures = made(design)
    ask(bench, 40_000)
    bench.driver.run_until(START_NS + 602 * SEC)
    served = [event for event in bench.events if isinstance(event, InterruptServed)]
    assert [event.deleted for event in served if event.taken] == [MANY]
    measures.finish(bench.driver.now)
    assert measures.most_in_interrupt == measures.interrupt_work == 2 * MANY


@pytest.mark.compiled_only
def test_the_lists_look_at_them_four_times_and_spread_their_end() -> None:
    """40,000 requeues before they end, and 100 quanta then."""
    bench, measures = made("fifo-2017")
    ask(bench, 40_000)
    bench.driver.run_until(START_NS + 650 * SEC)
    served = [event for event in bench.events if isinstance(event, InterruptServed)]
    assert sum(event.requeued for event in served) == 4 * MANY
    ending = [event for event in served if event.deleted]
    assert [event.deleted for event in ending] == [100] * 100
    assert seconds(ending[0].time) == pytest.approx(600.9, abs=0.1)
    assert seconds(ending[-1].time) == pytest.approx(602, abs=0.1)
    measures.finish(bench.driver.now)
    assert measures.interrupt_work == 9 * MANY
    assert measures.most_in_interrupt == 2 * 100


# --- "a very simple per-packet operation" --------------------------------------------------------


@pytest.mark.parametrize(
    ("design", "a_packet"), [("wheel", 2), ("wheel-lazy", 0), ("fifo-2017", 0)]
)
@pytest.mark.compiled_only
def test_what_a_packet_of_the_owner_costs(design: str, a_packet: int) -> None:
    """With a wheel it stops the timer and sets it again; else it writes the time."""
    bench, measures = made(design)
    ask(bench, 0)
    before = measures.datapath_work
    ask(bench, 0)
    measures.finish(bench.driver.now)
    assert measures.datapath_work - before == a_packet * MANY


def test_a_packet_of_another_thread_may_not_touch_the_wheel() -> None:
    bench, measures = made("wheel", workers=2)
    for port in range(100):
        bench.send(udp_out(port))
    measures.finish(bench.driver.now)
    before = measures.datapath_work
    for port in range(100):
        bench.send(udp_back(port), rx=1)
    measures.finish(bench.driver.now)
    assert measures.datapath_work == before


# --- "each FIFO's period is equal to that of a shortest timer", or N x N rings -------------------


@pytest.mark.parametrize(
    ("design", "ack_after_s", "at_s"),
    [
        ("fifo-2017", 0, 1205),
        ("rings", 0, 1120.5),
        ("vpp-26.10", 0, 1121),
        ("fifo-2017", 0.6, 1205),
        ("rings", 0.6, 1241),
        ("vpp-26.10", 0.6, 1121),
    ],
)
def test_a_fin_on_another_thread(design: str, ack_after_s: float, at_s: float) -> None:
    """The last packet at 1,000 s, or one ACK of the owner's behind it: its timeout is 120 s."""
    gone = ended_by_non_owner(design, ack_after_s)
    assert gone.at_s == pytest.approx(at_s, abs=0.25)


def test_a_wheel_keeps_the_timer_that_its_owner_set() -> None:
    """The FIN of the other thread moves nothing: the session is there for the old timeout."""
    assert ended_by_non_owner("wheel", timeout_s=1400).at_s == pytest.approx(1400, abs=1.5)


@pytest.mark.parametrize(
    ("design", "gone"),
    [
        ("fifo-2017", Gone(964.0, 7)),
        ("wheel", Gone(910.5, 0)),
        ("rings", Gone(1801.0, 1)),
        ("vpp-26.10", Gone(1350.5, 2)),
    ],
)
def test_how_often_an_idle_session_is_looked_at_and_how_late_it_goes(
    design: str, gone: Gone
) -> None:
    """Established, its last packet at 10 s; a day is made 900 s."""
    found = idle_from_10_s_on(design, timeout_s=900)
    assert found.at_s == pytest.approx(gone.at_s, abs=1)
    assert found.requeued == gone.requeued


@pytest.mark.parametrize(
    ("design", "at_s", "requeued"),
    [
        ("fifo-2017", 86_519, (717, 718, 719)),
        # What is long is a round of the cleaner each 0.5 s; a day of 900 s is above.
        pytest.param("rings", 172_801, (1,), marks=pytest.mark.long),
        pytest.param("vpp-26.10", 129_601, (2,), marks=pytest.mark.long),
    ],
)
@pytest.mark.compiled_only
def test_the_same_with_a_day(design: str, at_s: float, requeued: tuple[int, ...]) -> None:
    """The lists look at it 720 times a day, `rings` once, and `vpp-26.10` twice."""
    found = idle_from_10_s_on(design, alive_until_s=int(at_s) - 9)
    assert found.at_s == pytest.approx(at_s, abs=1.5)
    assert found.requeued in requeued


def test_what_a_session_takes_in_c() -> None:
    """As docs/designs.md says."""
    more = {"wheel": 16, "wheel-lazy": 16, "two-stage": 1, "vpp-26.10": 2}
    found = {name: design.session_bytes for name, design in DESIGNS.items()}
    assert found == {name: 129 + more.get(name, 0) for name in DESIGNS}
