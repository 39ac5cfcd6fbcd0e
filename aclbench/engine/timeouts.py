"""The three timeout classes, their defaults, and the times of the cleaner.

Every duration here is in nanoseconds and every time is an integer number of them.
Source: `acl_timeout_e` and the defaults in VPP's `src/plugins/acl/fa_node.h`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

NS_PER_SEC: Final = 1_000_000_000

TIMEOUT_UDP_IDLE: Final = 0
TIMEOUT_TCP_IDLE: Final = 1
TIMEOUT_TCP_TRANSIENT: Final = 2


class TimeoutClass(NamedTuple):
    """A class of sessions: its name, what is in it, and its idle timeout in seconds unless set."""

    name: str
    what: str
    idle_s: int

    @property
    def words(self) -> str:
        """Its name in commands: in VPP's words, if VPP has it."""
        return self.name.replace("_", " ") if self.name in TIMEOUT_NAMES else self.name


TIMEOUT_CLASSES: Final = (
    TimeoutClass("udp_idle", "everything that is not TCP", 600),
    TimeoutClass("tcp_idle", "TCP with SYN and ACK seen from both sides, and no FIN or RST", 86400),
    TimeoutClass("tcp_transient", "all other TCP", 120),
)
TIMEOUT_NAMES: Final = tuple([timeout_class.name for timeout_class in TIMEOUT_CLASSES])

#: "Not due at any time": what the owner writes for an empty list.
NEVER: Final = (1 << 63) - 1

#: How many sessions one interrupt may take (VPP: max_deleted_sessions_per_interval).
DEFAULT_MAX_DELETED_SESSIONS_PER_INTERVAL: Final = 100
#: A worker that took this few wants fewer interrupts (VPP: min_deleted_sessions_per_interval).
DEFAULT_MIN_DELETED_SESSIONS_PER_INTERVAL: Final = 1

#: The cleaner's wait interval: where it starts, its bounds, and what one step up adds.
WAIT_INTERVAL_MAX_NS: Final = NS_PER_SEC // 2
WAIT_INTERVAL_MIN_NS: Final = NS_PER_SEC // 1000
WAIT_INTERVAL_INCREMENT_NS: Final = NS_PER_SEC // 10
#: How often the cleaner looks whether a clear is done.
CLEAR_POLL_NS: Final = 100_000

#: Sessions that one interface may have, unless set (VPP: fa_conn_table_max_entries).
DEFAULT_MAX_ENTRIES: Final = 1_000_000
