"""Places of a run as people write them: `now`, a branch, `#17`, `+2.5`, `12:00:05`, `main@+2.5`."""

from __future__ import annotations

from aclbench.errors import CommandError
from aclbench.workbench.history.history import History
from aclbench.workbench.history.moving import at_packet
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.times import is_time_of_day, read_moment


def at_place(history: History, place: str, before: bool = False) -> Slices[Replay]:
    """A rig of one's own at a place; `before` what happens at a time, if it is one.

    A place is `now`, `start`, `end`, a branch (its end), `#N` (behind packet N), a time (`+2.5`
    from the start, `12:00:05`), or one of the last two on a branch: `NAME@#17`, `NAME@+2.5`.
    CommandError: none.
    """
    name, at, where = place.rpartition("@")
    branch = history.find_branch(name) if at else history.branch
    if where == "start":
        return (yield from history.at(branch.starts[0], branch))
    if where == "end":
        return (yield from history.at(branch.end, branch))
    if where == "now":
        return (yield from history.at(history.cursor))
    if where.startswith("#"):
        if not where[1:].isdecimal() or len(where) > 19:
            raise CommandError(f"{place}: a packet is #1, #2 and so on")
        return (yield from at_packet(history, int(where[1:]), branch))
    if is_time(where):
        found = yield from history.here.rig.finding_time(read_moment(where))
        time = found.ns - before
        if time < branch.starts[0].time == time + before:
            return (yield from history.at(branch.starts[0], branch))
        return (yield from history.at_time(time, branch))
    if where.isdecimal() and where not in history.branches:
        shown = where[:20]
        raise CommandError(f"{shown} could be a time, +{shown}, or behind a packet, #{shown}")
    branch = history.find_branch(where)
    return (yield from history.at(branch.end, branch))


def is_time(place: str) -> bool:
    """A place is a time: from the start, or of day."""
    return place.startswith("+") or is_time_of_day(place)
