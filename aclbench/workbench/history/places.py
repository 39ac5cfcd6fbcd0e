"""Positions of a run as people write them: `now`, `start`, a branch, `#17`, `+2.5`, `main@+2.5`."""

from __future__ import annotations

from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.errors import CommandError
from aclbench.workbench.history.history import History
from aclbench.workbench.history.moving import at_packet
from aclbench.workbench.history.replay import Replay
from aclbench.workbench.tasks import Slices


def at_place(history: History, place: str, before: bool = False) -> Slices[Replay]:
    """A rig of one's own at a place; `before` what happens at a time, if it is one.

    A place is `now`, `start`, `end`, a branch (its end), `#N` (behind packet N), `+SECONDS` (from
    the start), or one of the last three on a branch: `NAME@#17`, `NAME@+2.5`. CommandError: none.
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
    if where.startswith("+"):
        time = history.here.rig.started + offset_ns(where[1:]) - before
        if time < branch.starts[0].time == time + before:
            return (yield from history.at(branch.starts[0], branch))
        return (yield from history.at_time(time, branch))
    branch = history.find_branch(where)
    return (yield from history.at(branch.end, branch))


def offset_ns(text: str) -> int:
    """Seconds from the start, exactly."""
    whole, _, fraction = text.partition(".")
    good = (whole + fraction).isdecimal() and len(whole) <= 12 and len(fraction) <= 9
    if not good:
        raise CommandError(f"+{text}: a time is in seconds from the start, such as +12.5")
    return int(whole or "0") * NS_PER_SEC + int(fraction.ljust(9, "0") or "0")
