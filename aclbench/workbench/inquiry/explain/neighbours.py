"""Causes among the sessions that are there: on another interface, or of another far end."""

from __future__ import annotations

from typing import Final

from aclbench.engine import reading
from aclbench.engine.main import Interface
from aclbench.workbench.inquiry.explain.keys import Crafted, mirror, session_keys, source, target
from aclbench.workbench.inquiry.explain.scene import Draft, Scene, permit_text
from aclbench.workbench.inquiry.explain.tree import Cause
from aclbench.workbench.inquiry.explain.trial import Undo
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.keys import key_text

#: So many slots of a pool are looked through in a slice.
_SLOTS: Final = 4096


def elsewhere_cause(scene: Scene) -> Draft | None:
    """The session is there, in the table of another interface."""
    event, here = scene.event, scene.interface
    keys = (
        *session_keys(event.key, event.info),
        *session_keys(mirror(event.key, event.info), event.info),
    )
    for interface in scene.rig.machine.am.interfaces:
        if interface is None or interface is here:
            continue
        found = next((key for key in keys if reading.find(interface, key) is not None), None)
        if found is not None:
            return _elsewhere(scene, interface, found)
    return None


def _elsewhere(scene: Scene, there: Interface, key: bytes) -> Draft:
    here, side = scene.interface, scene.side
    moves = "enters" if scene.place.is_input else "leaves by"
    title = f"its session is on {there.name}, and here the table of {here.name} is looked up"
    text = (
        f"session {key_text(key)} of {there.name} is the packet's. Each interface has a table of "
        f"its own: a packet that {moves} {here.name} is looked up in that of {here.name}, where "
        "nothing has opened one"
    )
    if not scene.other_acls:
        text += f" ({here.name} {scene.other_side} has no ACL)"
    at_rx = there.sw_if_index == scene.event.rx
    their_side = "input" if at_rx else "output"
    theirs = there.input_acls if at_rx else there.output_acls
    acls = [n for n in scene.acls if n not in theirs]
    off = [f"set acl-plugin interface {here.name} {side} acl {n} del" for n in scene.acls]
    on = [f"set acl-plugin interface {there.name} {their_side} acl {n}" for n in acls]
    if theirs:
        cure = f"{here.name} {side} without ACL: {there.name} {their_side} judges it by its session"
        on = []
    else:
        moved = ", ".join(map(str, scene.acls))
        cure = f"acl {moved} on {there.name} {their_side} and not on {here.name} {side}"
    if not scene.other_acls:
        cure += f"; or permit+reflect on {here.name} {scene.other_side}"
    return Draft(Cause("elsewhere", title, text, cure), Undo((*off, *on)))


def nearest_cause(scene: Scene) -> Slices[Draft | None]:
    """A session of the same end on the packet's side, with another far end: TFTP, SSDP."""
    near, event = scene.wanted.near, scene.event
    if near is None:
        return None
    am, index = scene.rig.machine.am, scene.place.sw_if_index
    far_is_src = scene.place.is_input  # in the key of a session here
    found: bytes | None = None
    for worker in am.workers:
        for begin in range(0, reading.pool_size(worker), _SLOTS):
            for row in reading.sessions_in(worker, begin, begin + _SLOTS):
                end = target(row.key) if far_is_src else source(row.key)
                if row.sw_if_index == index and end == near:
                    found = row.key
            yield None
    if found is not None:
        return _nearest(scene, found)
    other = scene.past.other if scene.past is not None else None
    if other is None or not source(event.key).port:
        return None
    title = f"it answers packet {scene.name(other)}, which went to another far end"
    text = (
        f"{key_text(other.key)}, packet {scene.name(other)}, came from the same end as the packet "
        "goes to. A session is of both its ends, and this packet comes from another"
    )
    rule = permit_text(event.key, "permit")
    undo = Undo((scene.with_first(scene.acls[0], rule),))
    return Draft(Cause("far end", title, text, f"a rule for such answers: {rule}"), undo)


def _nearest(scene: Scene, key: bytes) -> Draft:
    event = scene.event
    there, far = (
        (source(key), source(event.key))
        if scene.place.is_input
        else (
            target(key),
            source(event.key),
        )
    )
    differs = "port" if there.address == far.address else "address"
    title = f"it comes from another far {differs} than the session of its near end has"
    text = (
        f"the nearest session is {key_text(key)}: the same end on this side, another far end. A "
        "session is of both its ends (TFTP answers from another port, SSDP from another address)"
    )
    as_it = key if scene.place.is_input else mirror(key, event.info)
    rule = permit_text(event.key, "permit")
    return Draft(
        Cause("far end", title, text, f"a rule for such answers: {rule}"),
        Undo(instead=Crafted(event.rx, as_it, event.info)),
    )
