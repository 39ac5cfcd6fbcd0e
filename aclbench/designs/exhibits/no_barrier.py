"""Between two flags of two threads there is no memory barrier."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import Exhibit, Searched
from aclbench.engine.design import FIFO_2017
from aclbench.engine.flags import set_pending
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker


class LooksAtOnce(IdleCheck):
    """The worker stores, and does not wait until others see it before it looks."""

    def allow_interrupt(self, worker: Worker, now: int) -> None:
        """From here on another interrupt may be sent."""
        set_pending(self.am, worker, 0, worker.thread_index, now)
        worker.interrupt_due = NEVER


EXHIBIT = Exhibit(
    name="no-barrier",
    title="a clear is overlooked, though each thread stores first and looks then",
    believed="The cleaner says that a clear is on, then looks whether an interrupt is pending. "
    "The worker says that none is pending any more, then looks whether a clear is on. Whoever "
    "comes second sees what the first one said.",
    happened="What a processor stores waits in a buffer before others see it, and it reads on "
    "meanwhile. So both may look before either is heard: the cleaner finds an interrupt pending "
    "and sends none, the worker finds no clear, and the clear hangs. A barrier between the store "
    "and the look prevents it, in both threads.",
    found="Read in the code of VPP 26.10, where there is none: a hypothesis, which nobody has "
    "caught on a machine. The search gives each thread a store buffer (`--memory tso`).",
    design=replace(FIFO_2017, name="no-barrier", idle_check=LooksAtOnce),
    fixed=FIFO_2017,
    scenario="""
workers = 1
memory = "tso"
setup = '''
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53
'''
jumps = 2
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
