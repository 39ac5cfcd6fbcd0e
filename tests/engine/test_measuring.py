"""What a run costs and how late its sessions go, held against the events that it tells."""

from __future__ import annotations

from collections.abc import Callable

from engine.bench import (
    ACK,
    FIN,
    SEC,
    SYN,
    Driven,
    tcp_back,
    tcp_out,
    udp_back,
    udp_out,
)

from aclbench.engine.events import (
    ClassChanged,
    InterruptSent,
    InterruptServed,
    SessionAdded,
    SessionDeleted,
    SessionRecycled,
)
from aclbench.engine.measuring import ROW_LIVE, ROW_NS, Measures
from aclbench.engine.timeouts import TIMEOUT_TCP_TRANSIENT, TIMEOUT_UDP_IDLE


def measured(workers: int = 0, design_work: Callable[[], tuple[int, int]] | None = None) -> Driven:
    """A bench that reflects what is opened from behind pg0; its timeouts are 10, 20 and 5 s."""
    bench = Driven(workers)
    bench.apply(0, is_input=True)
    bench.apply(0, is_input=False)
    for timeout_class, seconds in enumerate((10, 20, 5)):
        bench.machine.set_session_timeout(timeout_class, seconds)
    am = bench.am
    now, live = bench.driver.now, [0, 0, 0]
    am.tell.measures = Measures(am.classes, am.session_timeout, live, now, design_work)
    return bench


def counted(bench: Driven) -> Measures:
    found = bench.am.tell.measures
    assert found is not None
    return found


def test_session_seconds_live_and_peak():
    bench = measured()
    bench.send(udp_out(1))
    bench.advance(2 * SEC)
    bench.send(udp_out(2))
    bench.advance(SEC)
    measures = counted(bench)
    measures.finish(bench.driver.now)
    assert (measures.live, measures.peak) == (2, 2)
    assert measures.session_ns == 3 * SEC + SEC
    bench.advance(60 * SEC)
    measures.finish(bench.driver.now)
    ends = [event.time for event in bench.heard(SessionDeleted)]
    begins = [event.time for event in bench.heard(SessionAdded)]
    assert len(ends) == 2
    assert measures.session_ns == sum(ends) - sum(begins)
    assert (measures.live, measures.peak) == (0, 2)


def test_overstay_is_from_the_expiry_by_the_class_now():
    """Established while it lives, and closed in the end: it is 5 s of the transient class."""
    bench = measured()
    for flags, send, rx in (
        (SYN, tcp_out, 0),
        (SYN | ACK, tcp_back, 1),
        (ACK, tcp_out, 0),
        (FIN | ACK, tcp_out, 0),
    ):
        bench.send(send(flags), rx)
    last = bench.driver.now
    bench.advance(60 * SEC)
    (deleted,) = bench.heard(SessionDeleted)
    assert list(counted(bench).overstays) == [deleted.time - last - 5 * SEC]


def test_sessions_that_are_cleared_or_recycled_have_no_overstay():
    bench = measured()
    bench.am.conn_table_max_entries = 1
    bench.send(tcp_out(SYN, 1))
    bench.send(tcp_out(SYN, 2))
    assert len(bench.heard(SessionRecycled)) == 1
    bench.machine.clear_sessions()
    bench.driver.settle()
    assert len(bench.heard(SessionDeleted)) == 1
    assert list(counted(bench).overstays) == []
    assert counted(bench).live == 0


def test_work_is_what_is_linked_and_unlinked():
    bench = measured()
    for sport in range(1, 4):
        bench.send(udp_out(sport))
    bench.send(tcp_out(SYN, 9))
    bench.send(tcp_back(SYN | ACK, 9), 1)
    bench.send(tcp_out(ACK, 9))
    for _ in range(20):
        bench.advance(SEC)
        bench.send(udp_back(1), 1)
    relinked = sum(event.relinked for event in bench.heard(ClassChanged))
    assert relinked == 1
    measures = counted(bench)
    assert measures.datapath_work == len(bench.heard(SessionAdded)) + 2 * relinked
    served = [event.taken + event.requeued for event in bench.heard(InterruptServed)]
    assert measures.interrupt_work == sum(served) > 0
    assert measures.most_in_interrupt == max(served)


def test_most_in_a_millisecond():
    bench = measured()
    for sport in range(5):
        bench.send(udp_out(sport))
        bench.advance(300_000)
    # 1 s, + 0.3, 0.6 and 0.9 ms: four sessions in the first millisecond, one in the second.
    assert counted(bench).most_in_ms == 4


def test_what_a_design_counts_is_work() -> None:
    """What it did up to a packet is of the interval before it."""
    work = [3, 3]  # before it is measured
    bench = measured(design_work=lambda: (work[0], work[1]))
    tell, worker, now = bench.am.tell, bench.am.workers[0], bench.driver.now
    for later in (0, 400_000, 1_000_000):
        tell.worked(now + later)
        work[0] += 7
    work[1] += 30
    tell.interrupt_served(worker, 2, 1, now + 1_000_000)
    tell.interrupt_served(worker, 0, 0, now + 1_000_000)
    tell.messaged()
    measures = counted(bench)
    assert (measures.datapath_work, measures.interrupt_work) == (21, 33)
    assert (measures.most_in_interrupt, measures.most_in_ms) == (33, 40)
    assert measures.messages == 1


def test_messages_are_interrupts_and_signals():
    bench = measured(workers=2)
    bench.send(udp_out(1))  # the first of its list: the cleaner is told
    bench.send(udp_out(2))
    bench.advance(30 * SEC)  # after 5 s both are taken and requeued: it is told once more
    assert counted(bench).messages == 2 + len(bench.heard(InterruptSent))


def test_the_series_has_a_row_for_each_interval_with_an_event():
    bench = measured()
    began = bench.driver.now
    bench.send(udp_out(1))
    bench.advance(2 * SEC)
    bench.send(tcp_out(SYN, 1))
    measures = counted(bench)
    measures.finish(bench.driver.now)
    numbers = list(measures.series)
    width = ROW_LIVE + 3
    rows = [numbers[at : at + width] for at in range(0, len(numbers), width)]
    live = [0, 0, 0]
    live[TIMEOUT_UDP_IDLE] = 1
    assert rows[0] == [began // ROW_NS, 1, 0, *live]
    live[TIMEOUT_TCP_TRANSIENT] = 1
    assert rows[-1] == [bench.driver.now // ROW_NS, 1, 0, *live]
    assert sum(row[1] for row in rows) == measures.datapath_work


def test_nothing_is_counted_where_nobody_asks():
    bench = Driven()
    bench.apply()
    bench.send(udp_out(1))
    assert bench.am.tell.measures is None
