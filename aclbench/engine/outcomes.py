"""What is kept of every packet: its reason, and in one number its way.

Unlike a trace event this costs little, so it is kept of all packets of a run. A way has the tx
interface, what the input node said, the thread, and the session that the packet hit. A number that
has no more than 62 bits costs no more than a small one; a session's index that is too large for its
part is left out.
"""

from __future__ import annotations

from typing import Final, NamedTuple, final

from mypy_extensions import i64

from aclbench.engine.session import SessionId
from aclbench.engine.storage import Column, extended, zeros

TX_BITS: Final = 18
INPUT_BITS: Final = 2
THREAD_BITS: Final = 9
INPUT_SHIFT: Final = TX_BITS
THREAD_SHIFT: Final = INPUT_SHIFT + INPUT_BITS
_OWNER_SHIFT: Final = THREAD_SHIFT + THREAD_BITS
_SESSION_SHIFT: Final = _OWNER_SHIFT + THREAD_BITS
_SESSION_BITS: Final = 62 - _SESSION_SHIFT
#: One more than the largest index of a session that is kept.
_MAX_SESSION: Final = (1 << _SESSION_BITS) - 1
#: Numbers for which there is room at first.
_ROOM: Final = 512


class Way(NamedTuple):
    """Where a packet went: `tx` is -1 for nowhere; `session` is the one that it hit.

    `input_action` is that of the input node, as VPP numbers them (1 permit, 2 permit+reflect, 3
    existing session), where it let the packet pass; else 0.
    """

    tx: int
    input_action: int
    thread_index: int
    session: SessionId | None


@final
class Outcomes:
    """What became of packets, in the order in which they were done: two numbers for each."""

    def __init__(self) -> None:
        #: Up to `_end`; behind that is room for more.
        self._numbers: Column = zeros(_ROOM)
        self._end: i64 = 0

    def __len__(self) -> int:
        """Packets."""
        return self._end // 2

    @property
    def numbers(self) -> Column:
        """Reason and way, reason and way."""
        return self._numbers[: self._end]

    def append(self, reason: i64, way: i64) -> None:
        """Keep what became of one more packet."""
        at: i64 = self._end
        if at == len(self._numbers):
            self._numbers = extended(self._numbers, zeros(at))
        self._numbers[at] = reason
        self._numbers[at + 1] = way
        self._end = at + 2


def way(tx: i64, input_action: i64, thread_index: i64) -> i64:
    """The way of a packet that hit no session."""
    return tx + 1 | input_action << INPUT_SHIFT | thread_index << THREAD_SHIFT


def way_of_hit(
    tx: i64, input_action: i64, thread_index: i64, owner: i64, session_index: i64
) -> i64:
    """The way of a packet that hit a session of an owner."""
    if session_index >= _MAX_SESSION:
        return way(tx, input_action, thread_index)
    hit: i64 = owner << _OWNER_SHIFT | session_index + 1 << _SESSION_SHIFT
    return way(tx, input_action, thread_index) | hit


def read_way(number: int) -> Way:
    """A way, taken apart."""
    index = number >> _SESSION_SHIFT
    threads = (1 << THREAD_BITS) - 1
    owner = number >> _OWNER_SHIFT & threads
    return Way(
        (number & (1 << TX_BITS) - 1) - 1,
        number >> INPUT_SHIFT & (1 << INPUT_BITS) - 1,
        number >> THREAD_SHIFT & threads,
        SessionId(owner, index - 1) if index else None,
    )
