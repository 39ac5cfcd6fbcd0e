"""An explanation put together, of a packet that was followed to its verdict."""

from __future__ import annotations

from aclbench.drivers.driver import actor_name
from aclbench.engine.events import PacketVerdict
from aclbench.engine.reasons import fate_of
from aclbench.workbench.inquiry.explain.causes import Behind, causes_of
from aclbench.workbench.inquiry.explain.following import PacketPath, parts_of
from aclbench.workbench.inquiry.explain.notes import notes_of
from aclbench.workbench.inquiry.explain.reading import packet_read, why_not_checked
from aclbench.workbench.inquiry.explain.tree import Explanation, VerdictPart
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.verdict import verdict_text


def explanation_of(
    path: PacketPath,
    event: PacketVerdict,
    name: str,
    frame: str,
    behind: Behind,
) -> Slices[Explanation]:
    """The explanation; `name` is the packet's in the run, empty for one that was asked about."""
    rig, happened = path.rig, bool(name)
    not_checked = why_not_checked(rig, event.reason, event.rx)
    parts = tuple(parts_of(path, event, happened))
    tx = rig.interface_name(event.tx) if event.tx >= 0 else None
    notes = yield from notes_of(path, event, behind)
    return Explanation(
        packet=name,
        happened=happened,
        time=event.time,
        at=event.time - rig.started,
        clock=rig.clock,
        rx=rig.interface_name(event.rx),
        worker=actor_name(event.thread_index),
        thread_index=event.thread_index,
        read=packet_read(event.key, event.info, not_checked, frame),
        path=parts,
        verdict=VerdictPart(fate_of(event.reason), verdict_text(event), tx),
        causes=(yield from causes_of(path, event, parts, behind)),
        notes=notes,
    )
