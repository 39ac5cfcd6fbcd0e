"""A worker's pool of sessions; a slot is the index of one.

This file is the interpreted form: a session is an object. Where the machine is compiled
`pool_packed.py` stands in its place, with the same names: there a session is a row of numbers, and
a `Session` only names them.
"""

from __future__ import annotations

from array import array
from typing import Any, Final, final

from aclbench.engine.packet import key_of_words, key_words

#: No session here: the end of a list (VPP: ~0).
NO_SESSION: Final = -1
#: On no list: a freed slot.
NO_LIST: Final = -1

#: A packed session: the words of its key, and these.
_NUMBERS: Final = (
    "is_ip6",
    "sw_if_index",
    "last_active_time",
    "tcp_flags_seen_in",
    "tcp_flags_seen_out",
    "link_list_id",
    "link_prev_idx",
    "link_next_idx",
    "link_enqueue_time",
    "intf_policy_epoch",
)
_KEY_WORDS: Final = 5
_PACKED_WORDS: Final = _KEY_WORDS + len(_NUMBERS)


class Session:
    """One session (VPP: `fa_session_t`). Times are nanoseconds.

    Written by the owner alone: everything but the three fields that a packet on any thread writes,
    `last_active_time` and the two halves of `tcp_flags_seen`. Slots are handed out again after a
    session is freed. Another thread that still holds a freed session can write its timestamp and
    flags into the slot: the design accepts that, and so does this code.
    """

    __slots__ = (
        "intf_policy_epoch",
        "is_ip6",
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
        self.thread_index: int = thread_index
        self.session_index: int = session_index
        self.key: bytes = b""
        self.proto: int = 0
        self.is_ip6: bool = False
        #: The interface whose acl node made it, and the epoch of its rules then.
        self.sw_if_index: int = 0
        self.intf_policy_epoch: int = 0
        self.last_active_time: int = 0
        self.tcp_flags_seen_in: int = 0
        self.tcp_flags_seen_out: int = 0
        self.link_list_id: int = NO_LIST
        self.link_prev_idx: int = NO_SESSION
        self.link_next_idx: int = NO_SESSION
        self.link_enqueue_time: int = 0

    def is_same(self, other: Session) -> bool:
        """Whether both are in the same slot."""
        return self is other

    def set_owned(self, sw_if_index: int, intf_policy_epoch: int) -> None:
        """Note whose session it is; it is on no list."""
        self.sw_if_index = sw_if_index
        self.intf_policy_epoch = intf_policy_epoch
        self.link_list_id = NO_LIST

    def set_key(self, key: bytes, is_ip6: bool) -> None:
        """Write the key, and its family."""
        self.key = key
        self.is_ip6 = is_ip6
        self.proto = key[-2]


@final
class SessionPool:
    """The slots of one thread. They are handed out again: the last freed first."""

    def __init__(self, thread_index: int, n_columns: int) -> None:
        self.thread_index: int = thread_index
        self.free_indices: list[int] = []
        #: A design's own columns, each with an integer a slot, 0 when the slot is taken.
        self.columns: list[list[int]] = [[] for _ in range(n_columns)]
        self._sessions: list[Session] = []

    def __len__(self) -> int:
        """Slots, the free ones among them."""
        return len(self._sessions)

    def session(self, session_index: int) -> Session:
        """The session in a slot, be it free."""
        return self._sessions[session_index]

    def take(self) -> Session:
        """A slot that is free, or a new one; what was in it is for the caller to write over."""
        if self.free_indices:
            session = self._sessions[self.free_indices.pop()]
            for column in self.columns:
                column[session.session_index] = 0
            return session
        session = Session(self.thread_index, len(self._sessions))
        self._sessions.append(session)
        for column in self.columns:
            column.append(0)
        return session

    # --- for the fast path --------------------------------------------------------------------

    def flags_seen(self, session_index: int, is_input: bool) -> int:
        """The TCP flags seen on one side."""
        session = self._sessions[session_index]
        return session.tcp_flags_seen_in if is_input else session.tcp_flags_seen_out

    def touch(self, session_index: int, now: int) -> None:
        """Write the timestamp."""
        self._sessions[session_index].last_active_time = now

    # --- packed -------------------------------------------------------------------------------

    def pack(self, begin: int, end: int) -> tuple[Any, ...]:
        """The slots from `begin` up to `end`, for `unpack`."""
        numbers = array("q")
        for session in self._sessions[begin:end]:
            numbers.extend(key_words(session.key))
            numbers.extend([int(getattr(session, name)) for name in _NUMBERS])
        return (numbers,)

    def unpack(self, packed: tuple[Any, ...]) -> None:
        """Append slots that `pack` gave."""
        (numbers,) = packed
        for at in range(0, len(numbers), _PACKED_WORDS):
            k0, k1, k2, k3, k4, is_ip6, *rest = numbers[at : at + _PACKED_WORDS]
            session = Session(self.thread_index, len(self._sessions))
            session.is_ip6 = bool(is_ip6)
            session.set_key(key_of_words(k0, k1, k2, k3, k4, session.is_ip6), session.is_ip6)
            for name, number in zip(_NUMBERS[1:], rest, strict=True):
                setattr(session, name, number)
            self._sessions.append(session)

    def clear(self) -> None:
        """Free all of it."""
        self._sessions = []
        self.free_indices = []
