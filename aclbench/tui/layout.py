"""Who gets how much of the screen: pure arithmetic, so that it can be tested at any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: A worker's panel is at least this wide, and this far from the next.
PANEL_WIDTH: Final = 39
PANEL_GAP: Final = 2
#: From this height on the workers and the log fit below each other.
TALL: Final = 34
STATUS_HEIGHT: Final = 2
CLEANER_HEIGHT: Final = 2
FOOTER_HEIGHT: Final = 1
#: The log has at least so many lines, its heading among them.
MIN_LOG_HEIGHT: Final = 6


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes in cells. `per_page` workers are shown; `brief` shows each in one line."""

    brief: bool
    per_page: int
    panel_width: int
    workers_height: int
    log_height: int
    log_width: int


def make_layout(width: int, height: int, log_first: bool, n_threads: int) -> Layout:
    """The layout of a screen; `log_first` gives the log the room, and workers a line each."""
    room = max(height - STATUS_HEIGHT - CLEANER_HEIGHT - FOOTER_HEIGHT, 2)
    if log_first:
        lines = max(min(n_threads, max(room - MIN_LOG_HEIGHT, 1), room // 2), 1)
        return Layout(True, lines, width, lines, room - lines, width)
    fitting = max((width + PANEL_GAP) // (PANEL_WIDTH + PANEL_GAP), 1)
    per_page = max(min(fitting, n_threads), 1)
    panel_width = (width - PANEL_GAP * (per_page - 1)) // per_page
    log_height = max(room // 3, MIN_LOG_HEIGHT) if height >= TALL else 0
    return Layout(False, per_page, panel_width, room - log_height, log_height, width)


def pages_of(threads: tuple[int, ...], per_page: int) -> list[tuple[int, ...]]:
    """The threads page by page; the last page may have fewer."""
    return [threads[n : n + per_page] for n in range(0, len(threads), per_page)]


def share_rows(room: int, needs: tuple[int, ...]) -> tuple[int, ...]:
    """Rows for several lists: equal shares while that is enough, so that nothing moves about.

    Where one needs more it gets what the others leave.
    """
    room = max(room, 0)
    equal, extra = divmod(room, len(needs))
    # What does not divide goes to the last: short-lived sessions are where most happens.
    shares = [equal + (n >= len(needs) - extra) for n in range(len(needs))]
    if all(need <= share for need, share in zip(needs, shares, strict=True)):
        return tuple(shares)
    shares = [min(need, share) for need, share in zip(needs, shares, strict=True)]
    left = room - sum(shares)
    while left and (hungry := [n for n, need in enumerate(needs) if need > shares[n]]):
        for n in hungry[:left]:
            shares[n] += 1
        left = room - sum(shares)
    shares[-1] += left
    return tuple(shares)
