"""An ACL is made tighter, and its sessions live on."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import BENCH, Exhibit, Plain
from aclbench.engine.design import FIFO_2017
from aclbench.engine.main import AclMain
from aclbench.engine.sessions import Sessions


class Reclassifies(Sessions):
    """Sessions know the epoch of the rules that they were made by, from the start."""

    def __init__(self, am: AclMain) -> None:
        super().__init__(am)
        am.reclassify_sessions = True


EXHIBIT = Exhibit(
    name="tightened-acl",
    title="what an ACL denies from now on goes on as it did",
    believed="Rules say who may open a session. Who has one has been asked.",
    happened="An operator who denies an address in an ACL wants it denied. Its connections went "
    "on, for a day and longer where they were in use, for packets of a session are held against "
    "no rule.",
    found="Upstream commit 17ddc0fee1b of 28 March 2018 counts epochs: a session of older rules "
    "is deleted by its next packet, which is judged anew. It is off unless asked for (`set "
    "acl-plugin reclassify-sessions 1`).",
    design=replace(FIFO_2017, name="tightened-acl"),
    fixed=replace(FIFO_2017, name="tightened-acl-mended", sessions=Reclassifies),
    scenario=BENCH,
    shown_by=Plain(
        lines="""
            send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53
            set acl-plugin acl index 0 deny src 10.0.0.2/32, permit+reflect src 0.0.0.0/0
            send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53
        """,
        shows=("a packet from 10.0.0.2 is {latest(packet).fate}: {latest(packet).reason}",),
        holds='latest(packet).fate == "denied"',
    ),
)
