"""Replies to pings are looked up as themselves."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import BENCH, Exhibit, Plain
from aclbench.engine.datapath import Datapath
from aclbench.engine.design import FIFO_2017
from aclbench.engine.main import Interface
from aclbench.engine.packet import INFO_ICMP
from aclbench.engine.pool import Session
from aclbench.engine.worker import Worker


class PairsNoReplies(Datapath):
    """An ICMP packet is looked up by its own type alone."""

    def look_up(
        self, worker: Worker, interface: Interface, is_input: bool, key: bytes, info: int, now: int
    ) -> Session | None:
        """The session of this very key."""
        return super().look_up(worker, interface, is_input, key, info & ~INFO_ICMP, now)


EXHIBIT = Exhibit(
    name="icmp-reply",
    title="no ping is ever answered through a reflecting ACL",
    believed="A session's key has both ends, so an answer has the same key, the other way round.",
    happened="ICMP has type and code where others have ports. A request has type 8 and its reply "
    "type 0, so the reply never met the session of its request, and was denied.",
    found="Mended by upstream commit bbd41cd5da7 in February 2018; its table of types was the "
    "wrong way round until fae833799f0 in September.",
    design=replace(FIFO_2017, name="icmp-reply", datapath=PairsNoReplies),
    fixed=FIFO_2017,
    scenario=BENCH,
    shown_by=Plain(
        lines="""
            send pg0 icmp 10.0.0.2 > 192.168.0.2 type 8 code 0
            send pg1 icmp 192.168.0.2 > 10.0.0.2 type 0 code 0
        """,
        shows=("the echo reply is {latest(packet).fate}: {latest(packet).reason}",),
        holds='latest(packet).fate == "permitted"',
    ),
)
