"""A new design in one file: it only changes how a class is chosen. Any TCP with an ACK is idle."""

from __future__ import annotations

from dataclasses import replace

import pytest
from designs.running import Run, all_ways

from aclbench.engine.design import FIFO_2017
from aclbench.engine.packet import PROTO_TCP, TCP_ACK
from aclbench.engine.session import Classes
from aclbench.engine.timeouts import TIMEOUT_TCP_IDLE, TIMEOUT_TCP_TRANSIENT, TIMEOUT_UDP_IDLE


class ByAck(Classes):
    """One ACK on either side makes a connection established."""

    def timeout_type_of(self, proto: int, seen_in: int, seen_out: int) -> int:
        if proto != PROTO_TCP:
            return TIMEOUT_UDP_IDLE
        return TIMEOUT_TCP_IDLE if (seen_in | seen_out) & TCP_ACK else TIMEOUT_TCP_TRANSIENT


DESIGN = replace(FIFO_2017, name="by-ack", classes=ByAck)


@pytest.mark.parametrize("run", all_ways(DESIGN))
def test_one_ack_is_enough(run: Run) -> None:
    """However it is run: the first answer moves the session to the list of established ones."""
    assert run()["tcp_idle"] == 1


@pytest.mark.parametrize("run", all_ways(FIFO_2017))
def test_the_document_wants_more(run: Run) -> None:
    """SYN and ACK from both sides."""
    assert run()["tcp_transient"] == 1
