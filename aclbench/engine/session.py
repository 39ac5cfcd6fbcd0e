"""What is known of sessions beside their rows: ids, policy epochs, timeout classes.

The rows themselves are in `pool.py`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from mypy_extensions import mypyc_attr

from aclbench.engine.packet import PROTO_TCP, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN
from aclbench.engine.pool import Session
from aclbench.engine.timeouts import TIMEOUT_TCP_IDLE, TIMEOUT_TCP_TRANSIENT, TIMEOUT_UDP_IDLE

#: In a policy epoch: of the input direction. The bits below count.
POLICY_EPOCH_IS_INPUT: Final = 1 << 15
POLICY_EPOCH_MASK: Final = POLICY_EPOCH_IS_INPUT - 1

TCP_FLAGS_RSTFINACKSYN: Final = TCP_RST | TCP_FIN | TCP_ACK | TCP_SYN
TCP_FLAGS_ACKSYN: Final = TCP_ACK | TCP_SYN


class SessionId(NamedTuple):
    """Where a session is: its owner's thread and its slot there (VPP: fa_full_session_id_t)."""

    thread_index: int
    session_index: int


@mypyc_attr(allow_interpreted_subclasses=True)
class Classes:
    """Chooses the timeout class of a session. A design may replace this part."""

    def timeout_type_of(self, proto: int, seen_in: int, seen_out: int) -> int:
        """The class of a session with these flags seen on its interface's input and output side.

        It does not matter which side is which.
        """
        if proto != PROTO_TCP:
            return TIMEOUT_UDP_IDLE
        if (
            seen_in & TCP_FLAGS_RSTFINACKSYN == TCP_FLAGS_ACKSYN
            and seen_out & TCP_FLAGS_RSTFINACKSYN == TCP_FLAGS_ACKSYN
        ):
            return TIMEOUT_TCP_IDLE
        return TIMEOUT_TCP_TRANSIENT

    def session_get_timeout_type(self, session: Session) -> int:
        """The class of a session now, which may be another than that of the list it is on."""
        return self.timeout_type_of(
            session.proto, session.tcp_flags_seen_in, session.tcp_flags_seen_out
        )
