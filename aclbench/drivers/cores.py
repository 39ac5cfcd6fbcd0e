"""Which processor cores a threaded run uses.

Under a global interpreter lock only one thread of a process runs at a time. Left to themselves its
threads wander over the cores all the same, and each hand-over then waits for what the other core
has in its caches: a quarter of a replay. So such a run keeps to one core while it lasts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Where Linux says which core the calling thread is on, and the field behind its name.
_STAT = Path("/proc/thread-self/stat")
_CORE_FIELD = 36


def has_global_lock() -> bool:
    """Whether only one thread of this process runs Python at a time."""
    ask = getattr(sys, "_is_gil_enabled", None)
    return ask is None or bool(ask())


@contextmanager
def shared_core() -> Iterator[None]:
    """Keep this thread, and those it starts meanwhile, to the core it is on, if that is of use.

    Where the system does not offer it, or does not allow it, nothing happens.
    """
    core = _core_of_this_thread() if has_global_lock() else None
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    try:
        with suppress(OSError):
            os.sched_setaffinity(0, {core})
        yield
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, before)


def _core_of_this_thread() -> int | None:
    if not hasattr(os, "sched_setaffinity") or not _STAT.is_file():
        return None
    fields = _STAT.read_text().rpartition(")")[2].split()
    return int(fields[_CORE_FIELD])
