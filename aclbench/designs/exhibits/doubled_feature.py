"""Each ACL that is applied enables the node once more."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from aclbench.designs.exhibit import Exhibit, Plain
from aclbench.engine.datapath import Datapath
from aclbench.engine.design import FIFO_2017
from aclbench.engine.main import Interface
from aclbench.engine.reasons import KIND_MASK, LAST_DENY
from aclbench.engine.steps import Step
from aclbench.engine.worker import Worker


class OncePerAcl(Datapath):
    """A packet passes the node as often as there are ACLs on that side."""

    def acl_node(self, worker: Worker, interface: Interface, is_input: bool, *packet: Any) -> int:
        """The node, straight through; the reason is the last one's."""
        reason = super().acl_node(worker, interface, is_input, *packet)
        for _ in (interface.input_acls if is_input else interface.output_acls)[1:]:
            if reason & KIND_MASK > LAST_DENY:
                reason = super().acl_node(worker, interface, is_input, *packet)
        return reason

    def acl_node_steps(
        self, worker: Worker, interface: Interface, is_input: bool, *packet: Any
    ) -> Generator[Step, None, int]:
        """The same, with a yield before each step."""
        reason = yield from super().acl_node_steps(worker, interface, is_input, *packet)
        for _ in (interface.input_acls if is_input else interface.output_acls)[1:]:
            if reason & KIND_MASK > LAST_DENY:
                reason = yield from super().acl_node_steps(worker, interface, is_input, *packet)
        return reason


EXHIBIT = Exhibit(
    name="doubled-feature",
    title="with two ACLs each packet is checked twice",
    believed="Who applies an ACL enables the check on the interface; again does no harm.",
    happened="VPP counts how often a feature is enabled, and runs it so often. Each ACL that was "
    "added to an interface made all its packets pass the node once more: the first packet of a "
    "connection made the session, and then hit it.",
    found="Mended by upstream commit e48457a99d3 on 22 June 2017.",
    design=replace(FIFO_2017, name="doubled-feature", datapath=OncePerAcl),
    fixed=FIFO_2017,
    scenario="""
cli = '''
set acl-plugin acl deny src 10.0.0.3/32
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg0 input acl 1
'''
[[interface]]
name = "pg0"
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
""",
    shown_by=Plain(
        lines="""
            send pg0 udp 10.0.0.2:1000 > 192.168.0.2:53
        """,
        shows=("why a connection's first packet passed: {latest(packet).reason}",),
        holds="latest(packet).rule == 0",
    ),
)
