"""Who gets how much of the screen: pure arithmetic, so that it can be tested at any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: A worker's panel is at least this wide, and this far from the next.
PANEL_WIDTH: Final = 39
PANEL_GAP: Final = 2
#: From this height on there is room for all of it; below, the essentials have a line or two each.
TALL: Final = 34
#: From this height on the plot has a part of the screen of its own, beside the log and the packets.
VERY_TALL: Final = 50
STATUS_HEIGHT: Final = 2
TABS_HEIGHT: Final = 1
FOOTER_HEIGHT: Final = 1
#: Log and packets stand beside each other from this width on.
TWO_WIDE: Final = 110
#: The lower part has at least so many lines, its heading among them.
MIN_LOWER: Final = 6
#: A line for each of so many workers at most, where another place has the room.
MOST_BRIEF: Final = 4

#: What can stand below the workers.
LOWER_PARTS: Final = ("log and packets", "plot", "nothing")


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes in cells.

    `place_height` is what the place shown has, brief lines of the workers not counted.
    On the bench itself `per_page` workers are shown side by side, and below them the log, the
    packets, the plot, as far as their heights and widths are not 0.
    """

    width: int
    on_bench: bool
    tall: bool
    timeline_height: int
    cleaner_height: int
    place_height: int
    brief_height: int
    per_page: int
    panel_width: int
    workers_height: int
    lower_height: int
    log_width: int
    packets_width: int
    plot_height: int


def make_layout(
    width: int, height: int, on_bench: bool, n_threads: int, zoomed: bool = False, lower: int = 0
) -> Layout:
    """The layout of a screen; `lower` says which of `LOWER_PARTS` stands below the workers."""
    tall = height >= TALL
    timeline_height = 4 if tall else 1
    cleaner_height = 3 if tall else 2
    fixed = STATUS_HEIGHT + TABS_HEIGHT + FOOTER_HEIGHT + timeline_height + cleaner_height
    room = max(height - fixed, 2)
    fitting = 1 if zoomed else max((width + PANEL_GAP) // (PANEL_WIDTH + PANEL_GAP), 1)
    per_page = max(min(fitting, n_threads), 1)
    panel_width = (width - PANEL_GAP * (per_page - 1)) // per_page
    brief = 0 if on_bench or not tall else min(n_threads, MOST_BRIEF)
    lower_height = plot_height = 0
    if on_bench and tall:
        part = LOWER_PARTS[lower]
        share = max(room // 3, MIN_LOWER)
        if part == "plot":
            plot_height = share
        elif part == "log and packets":
            lower_height = share
            plot_height = share // 2 if height >= VERY_TALL else 0
    two = width >= TWO_WIDE
    packets_width = width // 2 if two and lower_height else 0
    log_width = (width - packets_width - (1 if packets_width else 0)) if lower_height else 0
    return Layout(
        width=width,
        on_bench=on_bench,
        tall=tall,
        timeline_height=timeline_height,
        cleaner_height=cleaner_height,
        place_height=room - brief,
        brief_height=brief,
        per_page=per_page,
        panel_width=panel_width,
        workers_height=room - lower_height - plot_height,
        lower_height=lower_height,
        log_width=log_width,
        packets_width=packets_width,
        plot_height=plot_height,
    )


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
