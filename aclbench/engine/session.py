"""A session: the pool slot that VPP calls `fa_session_t`.

Slots are handed out again after a session is freed, as the same object. Another thread that still
holds a freed session can write its timestamp and flags into the slot: the design accepts that, and
so does this code.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from mypy_extensions import mypyc_attr

from aclbench.engine.packet import PROTO_TCP, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN
from aclbench.engine.timeouts import TIMEOUT_TCP_IDLE, TIMEOUT_TCP_TRANSIENT, TIMEOUT_UDP_IDLE

#: No session here: the end of a list (VPP: ~0).
NO_SESSION: Final = -1
#: On no list: a freed slot.
NO_LIST: Final = -1

#: In a policy epoch: of the input direction. The bits below count.
POLICY_EPOCH_IS_INPUT: Final = 1 << 15
POLICY_EPOCH_MASK: Final = POLICY_EPOCH_IS_INPUT - 1

TCP_FLAGS_RSTFINACKSYN: Final = TCP_RST | TCP_FIN | TCP_ACK | TCP_SYN
TCP_FLAGS_ACKSYN: Final = TCP_ACK | TCP_SYN


class SessionId(NamedTuple):
    """Where a session is: its owner's thread and its slot there (VPP: fa_full_session_id_t)."""

    thread_index: int
    session_index: int


class Session:
    """One session. Times are nanoseconds.

    Written by the owner alone: everything but the three fields that a packet on any thread writes,
    `last_active_time` and the two halves of `tcp_flags_seen`.
    """

    __slots__ = (
        "intf_policy_epoch",
        "key",
        "last_active_time",
        "link_enqueue_time",
        "link_list_id",
        "link_next_idx",
        "link_prev_idx",
        "proto",
        "session_index",
        "sw_if_index",
        "tcp_flags_seen_in",
        "tcp_flags_seen_out",
        "thread_index",
    )

    def __init__(self, thread_index: int, session_index: int) -> None:
        # What a packet touches comes first: compiled, that is one line of the processor's cache.
        self.last_active_time: int = 0
        self.tcp_flags_seen_in: int = 0
        self.tcp_flags_seen_out: int = 0
        self.thread_index: int = thread_index
        self.session_index: int = session_index
        self.sw_if_index: int = 0
        self.key: bytes = b""
        self.proto: int = 0
        self.link_list_id: int = NO_LIST
        self.link_prev_idx: int = NO_SESSION
        self.link_next_idx: int = NO_SESSION
        self.link_enqueue_time: int = 0
        #: That of its interface, and of the direction of the packet that made it.
        self.intf_policy_epoch: int = 0


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
