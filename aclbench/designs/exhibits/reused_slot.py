"""A freed slot is another session's before a packet has let go of it."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import Exhibit, Searched
from aclbench.designs.two_stage import TWO_STAGE
from aclbench.engine.design import FIFO_2017

EXHIBIT = Exhibit(
    name="reused-slot",
    title="a packet writes its flags into another connection's session",
    believed="If the owner frees a session that another thread has in hand, no harm is done: a "
    "slot that is free gets a timestamp and flags.",
    happened="A slot that is free is the first to be taken again. Where the next session has it "
    "before the packet of the last one writes, that session begins with flags that its connection "
    "never sent: it may count as established, or as ending, at once.",
    found="Upstream commit 4bc1796b346 of 30 May 2018 deletes in two stages: a session leaves the "
    "table, and its slot rests for 10 us. The run without the fault is of the design "
    "`two-stage`.",
    design=replace(FIFO_2017, name="reused-slot"),
    fixed=TWO_STAGE,
    scenario="""
workers = 2
setup = '''
set acl-plugin session table max-entries 1
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg0 output acl 0
send pg0 tcp 10.0.0.2:1000 > 192.168.0.2:80 S
'''
jumps = 0
find = ["late-touch-reused"]
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
[[send]]
packets = "pg1 tcp 192.168.0.2:80 > 10.0.0.2:1000 SA"
[[send]]
packets = "pg0 tcp 10.0.0.2:2000 > 192.168.0.2:80 S"
""",
    shown_by=Searched("late-touch-reused"),
)
