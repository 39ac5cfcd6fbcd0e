"""The line at the bottom: virtual time, sessions by class, flags up.

It is rebuilt with each key, so it looks at no session: see `View`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aclbench.workbench.views.snapshot import Snapshot, View, WorkerView

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

#: Lists with their lengths, and none of their sessions.
_VIEW: Final = View(size=0)
_FLAGS: Final = (
    ("pending", "interrupt_is_pending"),
    ("needed", "interrupt_is_needed"),
    ("unwanted", "interrupt_is_unwanted"),
    ("clear", "clear_in_process"),
)


def toolbar_text(bench: Workbench, width: int) -> str:
    """One line; what does not fit is left out from the right, thread by thread."""
    snapshot = bench.snapshot(_VIEW)
    parts = [bench.rig.clock.text(snapshot.now), _sessions(snapshot)]
    text = " " + "  ".join(parts)
    raised = [flags for worker in snapshot.workers if (flags := _flags(worker))]
    for number, flags in enumerate(raised or ["no flag up"]):
        more = len(raised) - number
        if len(text) + 2 + len(flags) > width - (len(f"  +{more}") if more > 1 else 0):
            return f"{text}  +{more}"[:width] if raised else text[:width]
        text += f"  {flags}"
    return text[:width]


def _sessions(snapshot: Snapshot) -> str:
    counts: dict[str, int] = {}
    for each in (each for worker in snapshot.workers for each in worker.lists):
        counts[each.name] = counts.get(each.name, 0) + each.length
    return " ".join(f"{name} {count:,}" for name, count in counts.items())


def _flags(worker: WorkerView) -> str:
    up = [word for word, field in _FLAGS if getattr(worker, field)]
    return f"{worker.name} {'+'.join(up)}" if up else ""
