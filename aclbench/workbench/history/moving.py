"""Where a move in the history leads: by steps, turns, events or packets, to a packet, to an event.

Each gives a rig of one's own that stands there. What is far from every checkpoint is run again
once: on the way, close to the end, a checkpoint is left, from which the last bit is walked.
"""

from __future__ import annotations

from typing import Final, Literal

from aclbench.drivers.stepping import Position
from aclbench.errors import CommandError
from aclbench.words import counted
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.history import History
from aclbench.workbench.history.marks import COLUMN
from aclbench.workbench.history.replay import Replay, WalkedStep
from aclbench.workbench.rig.inputs import Point, Run, Steps
from aclbench.workbench.tasks import Progress, Slices

Unit = Literal["step", "turn", "event", "packet"]
UNITS: Final[tuple[Unit, ...]] = ("step", "turn", "event", "packet")


# --- by so many -------------------------------------------------------------------------------


def back(history: History, count: int, unit: Unit) -> Slices[tuple[Replay | None, int]]:
    """Back by so many: a rig there, and by how many it is; fewer at the start of the run.

    None: nothing lies before.
    """
    if unit == "event":
        return (yield from _back_by_events(history, count))
    done, at = 0, history.branch.canonical(history.cursor)
    there: Replay | None = None
    while done < count:
        found, there = yield from _before(history, at, unit, count - done)
        if not found:
            break
        done += len(found)
        at = history.branch.canonical(found[-1])
        yield Progress(done, count, f"{unit}s")
    if done and there is None:
        there = yield from history.at(at)
    return there, done


def forward(history: History, count: int, unit: Unit) -> Slices[tuple[Replay | None, int]]:
    """Forward along the branch by so many: a rig there, and by how many; fewer at its end."""
    branch, here = history.branch, history.cursor
    if unit == "packet":
        packets = here.position.packets
        number = min(packets + count, branch.end.position.packets)
        there = (yield from at_packet(history, number)) if number > packets else None
        return there, number - packets
    there = yield from history.at(here)
    done = 0
    for walked in there.walk(branch.end):
        if walked is not None:
            done += _ends(unit, walked)
            if done == count:
                return there, done
        yield None
    yield from there.run_to(branch.end)
    return there, done


def _before(
    history: History, here: Point, unit: Unit, count: int
) -> Slices[tuple[list[Point], Replay | None]]:
    """Up to `count` points before one, the nearest first; none at the start of the run.

    And a rig at the last of them, if one stands there anyhow.
    """
    branch = history.branch
    if unit == "packet":
        return _packet_before(branch, here), None
    if count == 1:
        there = yield from _shortly_before(history, here)
        begin = there.cursor
        if branch.canonical(begin)[:2] >= here[:2]:
            return [], None  # the start of the run
        if unit == "turn" and begin.position.steps == 0 and _is_a_turn_away(branch, begin, here):
            return [begin], there
        found = yield from _ends_between(branch, there, here, unit)
        if found:
            return [found[-1]], None
        if unit == "step" or begin.position.steps == 0 or begin == branch.starts[0]:
            return [begin], None
        return (yield from _before(history, branch.canonical(begin), unit, 1))
    # A packet of a run is a turn, and steps: so many packets before there are enough of either.
    first = here.position.packets - count
    is_run = here.op < len(branch.ops) and isinstance(branch.ops[here.op], Run)
    if is_run and first > branch.starts[here.op].position.packets:
        there = yield from before_packet(history, first)
        found = yield from _ends_between(branch, there, here, unit)
        return found[::-1][:count], None
    # Else from ever earlier checkpoints, until there are enough.
    begins = [saved for saved in branch.saved if branch.canonical(saved.point)[:2] < here[:2]]
    for saved in reversed(begins):
        there = yield from history.at_checkpoint(saved)
        found = [saved.point] if saved.point == branch.starts[0] else []
        found += yield from _ends_between(branch, there, here, unit)
        if len(found) >= count or saved is begins[0]:
            return found[::-1][:count], None
    return [], None


def _packet_before(branch: Branch, here: Point) -> list[Point]:
    """Right behind the packet before; behind this one, if something came after it."""
    packets = here.position.packets - (here.position[1:] == (0, 0))
    first = branch.starts[0]
    if packets < 0 or here.position <= first.position:
        return []
    if packets <= first.position.packets:
        return [first]
    return [point_of_packet(branch, packets)]


def _ends_between(
    branch: Branch, there: Replay, here: Point, unit: Unit, end: Point | None = None
) -> Slices[list[Point]]:
    """Walk from where a rig stands towards a point: the ends of units that lie before it.

    Not farther than to `end`, if one is given.
    """
    found: list[Point] = []
    for walked in there.walk(here if end is None else end):
        if walked is not None:
            if branch.canonical(walked.point)[:2] >= here[:2]:
                break
            if _ends(unit, walked):
                found.append(walked.point)
        yield None
    return found


def _ends(unit: Unit, walked: WalkedStep) -> bool:
    """A step is the end of a unit: of itself, of its actor's turn, or of what made an event."""
    if unit == "turn":
        return walked.point.position.steps == 0
    return unit == "step" or bool(walked.events)


def _is_a_turn_away(branch: Branch, begin: Point, here: Point) -> bool:
    """The next turn of a run leads from one point to another, or beyond it."""
    if begin.op != here.op or not isinstance(branch.ops[begin.op], Run):
        return False
    before, after = begin.position, here.position
    if before.packets == after.packets:
        return after <= Position(before.packets, before.turns + 1, 0)
    return after == Position(before.packets + 1, 0, 0)


def _shortly_before(history: History, here: Point) -> Slices[Replay]:
    """A rig from which a (canonical) point is at most a turn away, where it was run in fair order.

    A checkpoint is left close to it.
    """
    branch = history.branch
    start = branch.starts[here.op]
    if here.position <= start.position:  # a command led here, or it is the start of the run
        return (yield from history.at(branch.starts[here.op - 1] if here.op else here))
    saved = branch.nearest(Point(here.op, here.position, -1))
    if not isinstance(branch.ops[here.op], Run):
        return (yield from history.at(max(saved.point, start)))
    near = max(Point(here.op, _turn_before(here.position), 0), Point(here.op, start.position, 0))
    if near < saved.point and branch.canonical(saved.point)[:2] < here[:2]:
        return (yield from history.at_checkpoint(saved))
    last_packet = Position(here.position.packets - 1, 0, 0)
    if last_packet < start.position:
        return (yield from history.at(near))
    there = yield from before_packet(history, here.position.packets)
    if there.position < near.position:
        yield from there.run_to(near)
    return there


def _turn_before(position: Position) -> Position:
    """Where the turn began that led to a position, as far as that is known: behind a packet the
    turns before it are not."""
    packets, turns, steps = position
    if steps:
        return Position(packets, turns, 0)
    if turns:
        return Position(packets, turns - 1, 0)
    return Position(packets - 1, 0, 0)


# --- packets ----------------------------------------------------------------------------------


def point_of_packet(branch: Branch, number: int) -> Point:
    """Right behind the n-th packet of a branch."""
    position = Position(number, 0, 0)
    return Point(branch.op_at(position), position, 0)


def at_packet(history: History, number: int, branch: Branch | None = None) -> Slices[Replay]:
    """A rig right behind the n-th packet of a branch (the current one); 0 is the start."""
    branch = history.branch if branch is None else branch
    end = branch.end.position.packets
    if not 0 <= number <= end:
        raise CommandError(f"packet {number}: this run has packets 1 to {end}; 0 is the start")
    if number == branch.starts[0].position.packets:
        return (yield from history.at(branch.starts[0], branch))
    return (yield from history.at(point_of_packet(branch, number), branch))


def before_packet(
    history: History, number: int, branch: Branch | None = None, before: Replay | None = None
) -> Slices[Replay]:
    """A rig right before the n-th packet of a branch (the current one), with all done that was due.

    A checkpoint is left there, if it is the current one. Where steps were chosen by hand, the rig
    is somewhere before it. `before` is one on the same branch that goes on, if that is less work
    than from the nearest checkpoint; else it is given up.
    """
    is_current = branch is None
    branch = history.branch if branch is None else branch
    point = branch.canonical(point_of_packet(branch, number))
    start = branch.starts[point.op]
    if not isinstance(branch.ops[point.op], Run):
        saved = branch.nearest(point._replace(time=-1))
        return (yield from _there(history, max(saved.point, start), branch, before))
    begin = max(Point(point.op, Position(number - 1, 0, 0), 0), start._replace(time=0))
    there = yield from _there(history, begin, branch, before)
    there.rig.stepped.run_to_next_packet()
    there.cursor = Point(point.op, there.position, there.rig.now)
    if is_current and there.rig.can_be_packed():
        yield from history.checkpoints.save_near(there)
    return there


def _there(history: History, point: Point, branch: Branch, before: Replay | None) -> Slices[Replay]:
    """A rig at a point: one that stands before it goes on, unless a checkpoint is nearer."""
    if before is None:
        return (yield from history.at(point, branch))
    before.rig.hear(None)
    if branch.nearest(point).point <= before.cursor <= point:
        yield from before.run_to(point)
        return before
    yield from before.rig.closing()
    return (yield from history.at(point, branch))


# --- events -----------------------------------------------------------------------------------


def at_event(history: History, number: int) -> Slices[Replay]:
    """A rig right behind the step that made the n-th trace event of the run."""
    if number < 1:
        raise CommandError("events are numbered from 1")
    there = yield from _before_event(history, number)
    count = there.rig.events_so_far()
    for walked in there.walk(history.branch.end):
        if walked is not None:
            count += len(walked.events)
            if count >= number:
                return there
        yield None
    raise CommandError(f"event {number}: this run has {counted(count, 'event')} so far")


def _back_by_events(history: History, count: int) -> Slices[tuple[Replay | None, int]]:
    """Back by so many steps that made events; a step may have made several."""
    branch, here = history.branch, history.branch.canonical(history.cursor)
    so_far, look_back = history.here.rig.events_so_far(), count + 1
    # None lies behind a checkpoint that has them all: thousands of commands may follow it.
    with_all = (saved.point for saved in branch.saved if saved.checkpoint.events >= so_far)
    end = min(next(with_all, here), here)
    while True:
        there = yield from _before_event(history, max(so_far - look_back, 1))
        begin = there.cursor
        at_start = branch.canonical(begin)[:2] <= branch.starts[0][:2]
        found = [branch.starts[0]] if at_start and begin[:2] < here[:2] else []
        found += yield from _ends_between(branch, there, here, "event", end)
        if len(found) >= count or at_start:
            done = min(len(found), count)
            return (yield from history.at(found[-done])) if done else None, done
        look_back *= 2


def _before_event(history: History, number: int) -> Slices[Replay]:
    """A rig somewhere before the n-th event, as close as marks and checkpoints tell."""
    branch = history.branch
    before = [saved for saved in branch.saved if saved.checkpoint.events < number]
    saved = before[-1] if before else branch.saved[0]
    by_hand = any(isinstance(op, Steps) for op in branch.ops[saved.point.op :])
    packets = 0 if by_hand else _packets_before_event(branch, number)
    if packets <= saved.point.position.packets + 1:
        return (yield from history.at_checkpoint(saved))
    return (yield from before_packet(history, packets))


def _packets_before_event(branch: Branch, number: int) -> int:
    """How many packets the branch had at the last mark before an event."""
    table = branch.marks.table()
    before = table[table[:, COLUMN["events"]] < number]
    if not len(before):
        return 0
    packets = COLUMN["packets"]
    return int(before[-1, packets] - table[0, packets]) + branch.starts[0].position.packets
