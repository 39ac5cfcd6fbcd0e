"""VPP-912 (c): a worker's wish for an interrupt is erased by the one before."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import Exhibit, Searched
from aclbench.engine.cleaner import Cleaner, CleanerPart
from aclbench.engine.design import FIFO_2017
from aclbench.engine.flags import set_needed, set_pending
from aclbench.engine.steps import MARK_PENDING, RAISE_INTERRUPT
from aclbench.engine.worker import THREAD_MAIN, Worker


class ClearsNeededLate(Cleaner):
    """The wish is noted as granted after the interrupt was raised."""

    def send_one_worker_interrupt(self, worker: Worker, now: int) -> CleanerPart:
        """Interrupt one thread, unless it has one pending."""
        if worker.interrupt_is_pending:
            return now
        set_pending(self.am, worker, 1, THREAD_MAIN, now)
        now, _ = yield RAISE_INTERRUPT
        self.raise_interrupt(worker, now)
        now, _ = yield MARK_PENDING
        set_needed(self.am, worker, 0, THREAD_MAIN, now)
        return now


EXHIBIT = Exhibit(
    name="vpp-912c",
    title="a worker in the middle of a clear asks to go on, and is not heard",
    believed="Who was sent an interrupt has got what he asked for: clear his flag.",
    happened="The worker served that interrupt at once, took as many sessions as it may, and "
    "asked for another, to go on with the clear. Then its flag was cleared, for the one that it "
    "had had. During a clear only who asks is interrupted, so the clear never ended.",
    found="VPP-912, mended by upstream commit 22d32d916f4 on 2 August 2017.",
    design=replace(FIFO_2017, name="vpp-912c", cleaner=ClearsNeededLate),
    fixed=FIFO_2017,
    scenario="""
workers = 1
setup = '''
set bench quantum 1
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
send pg0 udp 10.0.0.2:1000-1001 > 192.168.0.2:53
'''
jumps = 3
preemptions = 1
horizon = "1s"
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
[[cli]]
lines = "clear acl-plugin sessions"
""",
    shown_by=Searched("hung-clear"),
)
