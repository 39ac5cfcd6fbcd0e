"""When one established connection is gone, by a design: the document's argument in numbers."""

from __future__ import annotations

from typing import NamedTuple

from engine.bench import ACK, FIN, SEC, SYN, Driven, tcp_back, tcp_out

from aclbench.designs import DESIGNS
from aclbench.drivers.driver import START_NS
from aclbench.engine.events import SessionDeleted


class Gone(NamedTuple):
    """When the session was deleted (seconds), and how often it was put back before."""

    at_s: float
    requeued: int


def established(design: str, workers: int) -> Driven:
    """A connection that is established; with two workers its first packet's thread owns it."""
    bench = Driven(workers, design=DESIGNS[design])
    bench.apply(0)
    bench.apply(0, is_input=False)
    bench.send(tcp_out(SYN))
    bench.send(tcp_back(SYN | ACK), rx=1)
    bench.send(tcp_out(ACK))
    return bench


def ended_by_non_owner(design: str, ack_after_s: float = 0) -> Gone:
    """The other thread's FIN comes at 1,000 s, perhaps with an ACK of the owner's behind it."""
    bench = established(design, workers=2)
    bench.advance(1000 * SEC)
    bench.send(tcp_back(FIN | ACK), rx=1)
    if ack_after_s:
        bench.advance(int(ack_after_s * SEC))
        bench.send(tcp_out(ACK))
    bench.advance(300 * SEC)
    return _gone(bench)


def idle_from_10_s_on(design: str, alive_until_s: int) -> Gone:
    """An established connection whose last packet comes at 10 s.

    It is looked for from `alive_until_s` on; up to then nobody listens, which is faster.
    """
    bench = established(design, workers=0)
    bench.advance(10 * SEC)
    bench.send(tcp_out(ACK))
    listener, bench.am.tell.listener = bench.am.tell.listener, None
    bench.driver.run_until(START_NS + alive_until_s * SEC)
    assert bench.am.live_sessions() == 1
    bench.am.tell.listener = listener
    bench.advance(10 * SEC)
    return _gone(bench)


def _gone(bench: Driven) -> Gone:
    (deleted,) = bench.heard(SessionDeleted)
    requeued = sum(worker.cnt_session_timer_restarted for worker in bench.am.workers)
    return Gone((deleted.time - START_NS) / SEC, requeued)
