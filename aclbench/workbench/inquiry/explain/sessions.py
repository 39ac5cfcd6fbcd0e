"""A session for an explanation: its owner, its class, where it is listed, when it ends."""

from __future__ import annotations

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.main import AclMain
from aclbench.engine.reading import SessionRow
from aclbench.engine.session import SessionId
from aclbench.engine.worker import Worker
from aclbench.workbench.inquiry.explain.reading import flag_names
from aclbench.workbench.inquiry.explain.tree import SessionPart
from aclbench.workbench.views.snapshot import EXACT_POSITIONS
from aclbench.workbench.views.taking import session_view


def session_part(am: AclMain, where: SessionId, now: int) -> SessionPart:
    """A session as it stands."""
    worker = am.workers[where.thread_index]
    session = reading.slot_at(worker, where.session_index)
    view = session_view(am, session, position_of(worker, session), now)
    interface = am.interfaces[session.sw_if_index]
    return SessionPart(
        thread_index=view.thread_index,
        session_index=view.session_index,
        worker=actor_name(view.thread_index),
        interface=interface.name if interface is not None else "",
        connection=view.connection,
        timeout_class=am.timeout_classes[view.timeout_class].name,
        list=reading.name_of(am, view.link_list_id),
        position=view.position,
        list_length=reading.length_of(am, worker, view.link_list_id),
        idle=view.idle,
        timeout=am.session_timeout[view.timeout_class],
        link_enqueue_time=view.link_enqueue_time,
        check_due=view.check_due,
        expires=view.expires,
        tcp_flags_seen_in=flag_names(view.tcp_flags_seen_in),
        tcp_flags_seen_out=flag_names(view.tcp_flags_seen_out),
    )


def position_of(worker: Worker, session: SessionRow) -> int | None:
    """How many sessions are ahead of it in its list; None: 10,000 or more, or it is off the list.

    One that the idle check has taken is off the list until it is judged.
    """
    if session.session_index in reading.taken(worker):
        return None
    return reading.position_on_list(worker, session.session_index, EXACT_POSITIONS)
