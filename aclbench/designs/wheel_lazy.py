"""The design `wheel-lazy`: a timer wheel that packets leave alone.

As VPP's `vnet/sfdp` (2025) does it: a packet writes the time and no more. A timer that runs out
while its session still has time is set again for the rest. Only where a session's timeout becomes
shorter, since its class changed on the owner's thread, its timer is moved at once.
sfdp keeps `next_expiration` in its timer; here it is the timestamp and the timeout of the class, as
set now. It lets a session go up to two ticks early rather than look again; here none goes early.

In C a session is that of `wheel`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from aclbench.designs.wheel import TICK_NS, WHEEL, WheelSessions, timer_end
from aclbench.engine.datapath import Datapath
from aclbench.engine.pool import Session
from aclbench.engine.sessions import Sessions
from aclbench.engine.worker import Worker


class WheelLazySessions(WheelSessions):
    """A timer stays where it is, until it runs out or would run out too late."""

    def restart_timer_for_session(
        self, worker: Worker, session: Session, list_id: int, now: int
    ) -> bool:
        """The class changed: move the timer if it has to run out sooner; move the session."""
        if session.thread_index != worker.thread_index:
            return False
        expires = session.last_active_time + self.am.session_timeout[list_id]
        if timer_end(worker, session.session_index) >= expires + 2 * TICK_NS:
            self.move_timer(worker, session, list_id, now)
        if worker.swipe_end_time:
            return False
        old = session.link_list_id
        Sessions.conn_list_delete_session(self, worker, session, now)
        Sessions.conn_list_add_session(self, worker, session, list_id, now)
        for each in (old, list_id):
            self.note_head(worker, each, now)
        return True


WHEEL_LAZY: Final = replace(
    WHEEL,
    name="wheel-lazy",
    about="A timer wheel, which a packet does not touch: it writes a timestamp alone. A timer that "
    "runs out while its session still has time is set again for the rest; it is moved at once "
    "where a class change on the owner's thread made the timeout shorter.",
    source="VPP's vnet/sfdp, 2025",
    sessions=WheelLazySessions,
    datapath=Datapath,
)
