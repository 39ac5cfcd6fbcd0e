"""One bench follows another: to the same time, behind the same packets and commands."""

from __future__ import annotations

from aclbench.workbench.rig.inputs import Run, Steps
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench


def following(lead: Workbench, other: Workbench) -> Slices[None]:
    """Have a bench stand where another one stands, by its own history, or by going on.

    Times are counted from the start of each. Where the lead is in the middle of an instant, the
    other may be a packet ahead there.
    """
    yield from _to_its_branch(lead, other)
    time = _its_time(lead, other)
    if _is_ahead(lead, other):
        yield from _back(lead, other)
    missing = _packets(lead) - _packets(other)
    if missing > 0:
        yield from other.transport.running(time, missing)
    if other.now < time:
        yield from other.transport.running(time, 1)
    if lead.next_time() > lead.now:  # all that was due then is done
        yield from other.transport.running(time)


def is_in_step(lead: Workbench, other: Workbench) -> bool:
    """Both stand at one time, and the other has done no packet less."""
    return other.now == _its_time(lead, other) and _packets(other) >= _packets(lead)


def _its_time(lead: Workbench, other: Workbench) -> int:
    """The lead's time by the other's clock: benches may take time to be set up."""
    return lead.now - lead.started + other.started


def _to_its_branch(lead: Workbench, other: Workbench) -> Slices[None]:
    name = lead.past.branch.name
    if name != other.past.branch.name and name in other.past.branches:
        yield from other.travel.switching(name)


def _is_ahead(lead: Workbench, other: Workbench) -> bool:
    if other.now > _its_time(lead, other) or _acts(other) > _acts(lead):
        return True
    return _has_too_many(lead, other)


def _has_too_many(lead: Workbench, other: Workbench) -> bool:
    """The other has done packets that the lead has neither done nor begun."""
    return _packets(other) > _packets(lead) + (lead.next_time() <= lead.now)


def _back(lead: Workbench, other: Workbench) -> Slices[None]:
    """Back to the lead's time; then over the packets and commands there that it has not done."""
    branch, travel = other.past.branch, other.travel
    if lead.past.cursor <= lead.past.branch.starts[0]:
        yield from travel.going_to(branch.starts[0])
        return
    time = _its_time(lead, other)
    if other.now > time:
        yield from travel.going_to_time(max(time, branch.starts[0].time))
    if _has_too_many(lead, other):
        yield from travel.going_to_packet(_packets(lead))
    too_many = _acts(other) - _acts(lead)
    if too_many > 0:
        done = [n for n, op in enumerate(branch.ops) if not isinstance(op, Run | Steps)]
        at = [n for n in done if n < other.past.cursor.op]
        yield from travel.going_to(branch.starts[at[-too_many]])


def _packets(bench: Workbench) -> int:
    return bench.rig.driver.packets_handled


def _acts(bench: Workbench) -> int:
    """How many commands, and packets by hand, led to where a bench stands."""
    past = bench.past
    ops = past.branch.ops[: past.cursor.op]
    return sum(not isinstance(op, Run | Steps) for op in ops)
