"""Where a lesson says to look: words as `story` takes them, and what on the screen they stand for.

session 1/0        list vpp_wk_0 udp_idle        field cleaner wait_interval
"""

from __future__ import annotations

from aclbench.tui.targets import FieldTarget, ListTarget, SessionTarget, Target
from aclbench.workbench.views.snapshot import Snapshot


def target_at(words: str, snapshot: Snapshot) -> Target | None:
    """What the words stand for; None: nothing that can be pointed at."""
    match words.split():
        case ["session", place]:
            thread, _, index = place.partition("/")
            if _is_number(thread) and _is_number(index):
                return SessionTarget(int(thread), int(index))
        case ["list", worker, name]:
            for view in snapshot.workers:
                for each in view.lists:
                    if (view.name, each.name) == (worker, name):
                        return ListTarget(view.thread_index, each.list_id)
        case ["field", row, name]:
            return FieldTarget(row, name)
    return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10
