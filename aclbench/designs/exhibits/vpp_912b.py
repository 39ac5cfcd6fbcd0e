"""VPP-912 (b): an interrupt is noted as pending after it was raised."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import Exhibit, Searched
from aclbench.engine.cleaner import Cleaner, CleanerPart
from aclbench.engine.design import FIFO_2017
from aclbench.engine.flags import set_needed, set_pending
from aclbench.engine.steps import MARK_PENDING, RAISE_INTERRUPT
from aclbench.engine.worker import THREAD_MAIN, Worker


class NotesPendingLate(Cleaner):
    """The interrupt first, then the note that it is pending."""

    def send_one_worker_interrupt(self, worker: Worker, now: int) -> CleanerPart:
        """Interrupt one thread, unless it has one pending."""
        if worker.interrupt_is_pending:
            return now
        set_needed(self.am, worker, 0, THREAD_MAIN, now)
        now, _ = yield RAISE_INTERRUPT
        self.raise_interrupt(worker, now)
        now, _ = yield MARK_PENDING
        set_pending(self.am, worker, 1, THREAD_MAIN, now)
        return now


EXHIBIT = Exhibit(
    name="vpp-912b",
    title="a worker is never interrupted again",
    believed="Raise the interrupt, then note that it is pending: one after the other.",
    happened="The worker is another thread. It served the interrupt and cleared the note before "
    "the note was written. Then it stood there for ever, and since nobody gets a second interrupt "
    "while one is pending, the worker got none: its sessions never expired, and the next clear "
    "hung.",
    found="VPP-912, mended by upstream commit 22d32d916f4 on 2 August 2017.",
    design=replace(FIFO_2017, name="vpp-912b", cleaner=NotesPendingLate),
    fixed=FIFO_2017,
    scenario="""
workers = 1
setup = '''
set acl-plugin session timeout udp idle 1
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
'''
jumps = 4
horizon = "5s"
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
[[send]]
packets = "pg0 udp 10.0.0.2:1000 > 192.168.0.2:53"
""",
    shown_by=Searched("lost-wake-up"),
)
