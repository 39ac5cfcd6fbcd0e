"""When one established connection is gone, by a design: the document's argument in numbers."""

from __future__ import annotations

from typing import NamedTuple

from engine.bench import ACK, FIN, SEC, SYN, TCP_IDLE, Driven, tcp_back, tcp_out

from aclbench.designs import DESIGNS
from aclbench.drivers.driver import START_NS
from aclbench.engine.events import SessionDeleted

#: What clears an interface as its lists change is done then.
SETTLED_NS = SEC // 100


class Gone(NamedTuple):
    """When the session was deleted (seconds), and how often it was put back before."""

    at_s: float
    requeued: int


def established(design: str, workers: int, timeout_s: int = 86_400) -> Driven:
    """A connection that is established; with two workers its first packet's thread owns it."""
    bench = Driven(workers, design=DESIGNS[design])
    bench.machine.set_session_timeout(TCP_IDLE, timeout_s)
    bench.apply(0)
    bench.apply(0, is_input=False)
    bench.advance(SETTLED_NS)
    bench.send(tcp_out(SYN))
    bench.send(tcp_back(SYN | ACK), rx=1)
    bench.advance(1)  # a frame of its own: `vpp-26.10` looks up the packets of one ahead
    bench.send(tcp_out(ACK))
    return bench


def ended_by_non_owner(design: str, ack_after_s: float = 0, timeout_s: int = 86_400) -> Gone:
    """The other thread's FIN comes at 1,000 s, perhaps with an ACK of the owner's behind it."""
    bench = established(design, 2, timeout_s)
    bench.advance(1000 * SEC)
    bench.send(tcp_back(FIN | ACK), rx=1)
    if ack_after_s:
        bench.advance(int(ack_after_s * SEC))
        bench.send(tcp_out(ACK))
    bench.advance(500 * SEC)
    return _gone(bench)


def idle_from_10_s_on(design: str, alive_until_s: int = 11, timeout_s: int = 86_400) -> Gone:
    """An established connection whose last packet comes at 10 s.

    It is looked for from `alive_until_s` on; up to then nobody listens, which is faster.
    """
    bench = established(design, 0, timeout_s)
    bench.advance(10 * SEC)
    bench.send(tcp_out(ACK))
    listener, bench.am.tell.listener = bench.am.tell.listener, None
    bench.driver.run_until(START_NS + alive_until_s * SEC)
    assert bench.am.live_sessions() == 1
    bench.am.tell.listener = listener
    while bench.am.live_sessions():
        bench.driver.run_until(bench.driver.now + 100 * SEC)
    return _gone(bench)


def _gone(bench: Driven) -> Gone:
    (deleted,) = bench.heard(SessionDeleted)
    requeued = sum(worker.cnt_session_timer_restarted for worker in bench.am.workers)
    return Gone((deleted.time - START_NS - SETTLED_NS) / SEC, requeued)
