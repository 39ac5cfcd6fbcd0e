"""The lookup table of an interface: from a key to its session.

This file is the interpreted form, a dictionary. Where the machine is compiled `table_packed.py`
stands in its place, with the same names: an open-addressing table, as VPP has a bihash. For the
fast path a session found is a number, `thread_index << 32 | session_index` (VPP:
`fa_full_session_id_t`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

from aclbench.engine.packet import key_of_words
from aclbench.engine.pool import NO_LIST, Session, SessionPool
from aclbench.engine.storage import Column

#: There is no session of that key.
NOT_FOUND: Final = -1
#: Whether it is worth it to look up many keys by their words, one after the other.
IS_FAST: Final = False
_THREAD_SHIFT: Final = 32
#: Whether the table of its interface has the live session of a slot.
InTable = Callable[[SessionPool, Session], bool]


@final
class SessionTable(dict[bytes, Session]):
    """Keys of one interface. `pools` are those of all threads, by thread index.

    Two workers may enter keys at once: of one key the first stays.
    """

    def __init__(self, pools: list[SessionPool]) -> None:
        super().__init__()

    def find4(self, k0: int, k1: int, flow: int) -> int:
        """Where the session of an IPv4 key is, by its words and its flow hash; `NOT_FOUND`."""
        return _place(self.get(key_of_words(k0, k1, 0, 0, 0, is_ip6=False)))

    def find6(self, k0: int, k1: int, k2: int, k3: int, k4: int, flow: int) -> int:
        """The same for IPv6."""
        return _place(self.get(key_of_words(k0, k1, k2, k3, k4, is_ip6=True)))

    def warm_up(self, flow: Column, begin: int, end: int) -> None:
        """Nothing: interpreted, it would take longer than it saves."""

    def enter(self, session: Session) -> Session:
        """Enter a session under its key. The one that is in the table then, this or another's."""
        return self.setdefault(session.key, session)

    def put(self, session: Session) -> Session | None:
        """Enter a session under its key in the place of another, which is returned."""
        other = self.get(session.key)
        self[session.key] = session
        return other

    def take(self, key: bytes) -> Session | None:
        """Take out whichever session has this key, if one has."""
        return self.pop(key, None)

    def remove(self, session: Session) -> None:
        """Take a session out; it is there."""
        del self[session.key]

    def sessions(self) -> list[Session]:
        """All of them: for checks."""
        return list(self.values())


def _place(session: Session | None) -> int:
    if session is None:
        return NOT_FOUND
    return session.thread_index << _THREAD_SHIFT | session.session_index


def enter_listed(
    pool: SessionPool, tables: list[SessionTable | None], begin: int, in_table: InTable | None
) -> None:
    """Enter the sessions in the slots of a pool from `begin` on, which are in no table yet.

    `in_table` says which of them; None: all.
    """
    for session_index in range(begin, len(pool)):
        session = pool.session(session_index)
        if session.link_list_id != NO_LIST and (in_table is None or in_table(pool, session)):
            table = tables[session.sw_if_index]
            assert table is not None
            table.enter(session)
