"""Where a design has sessions beside the lists of a worker, and what it does with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aclbench.engine.worker import Worker


@dataclass(frozen=True, slots=True)
class SessionPlace:
    """A name, what it is for, and the slots whose sessions are there.

    Their `link_list_id` is that of the place: places are counted on from the lists.
    `is_deleted`: they were deleted, no packet finds them, and they wait there to be freed.
    """

    name: str
    what: str
    slots: Callable[[Worker], tuple[int, ...]]
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """What else a worker has that is worth a line: a name, how it stands, and amounts to draw."""

    name: str
    text: str
    amounts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkCount:
    """Operations of a design, counted: a name, what one is, and how many a worker has done.

    `in_interrupts`: done by the interrupt handler; otherwise by packets, in the datapath.
    """

    name: str
    what: str
    in_interrupts: bool
    count: Callable[[Worker], int]
