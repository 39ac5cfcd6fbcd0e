"""Who gets how much of the screen: pure arithmetic, so that it can be tested at any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

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

#: From this width on a lesson stands beside the bench; it has this share of the width.
LESSON_FROM: Final = 120
LESSON_SHARE: Final = 3 / 8
LESSON_GAP: Final = 1
#: A lesson's panel is so wide; less than its share where so one worker more can be seen.
LESSON_LEAST: Final = 39
LESSON_MOST: Final = 60
#: A lesson in a place of its own has brief lines of this many workers above it on any screen.
LESSON_BRIEF: Final = 2

#: What can stand below the workers.
LOWER_PARTS: Final = ("log and packets", "plot", "nothing")


#: Where a lesson is: nowhere, beside what is shown if there is room, or it is what is shown.
Lesson = Literal["none", "beside", "itself"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes in cells.

    `place_height` is what the place shown has, brief lines of the workers not counted.
    `inner_width` is what is left beside a lesson's panel, whose width is 0 if there is none; both
    are `room` lines high.
    On the bench itself `per_page` workers are shown side by side, and below them the log, the
    packets, the plot, as far as their heights and widths are not 0.
    """

    width: int
    inner_width: int
    lesson_width: int
    room: int
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
    width: int,
    height: int,
    on_bench: bool,
    n_threads: int,
    zoomed: bool = False,
    lower: int = 0,
    lesson: Lesson = "none",
) -> Layout:
    """The layout of a screen; `lower` says which of `LOWER_PARTS` stands below the workers.

    `lesson`: whether there is one that may stand beside what is shown, or that has the room itself.
    """
    wanted = 1 if zoomed else n_threads
    lesson_width = lesson_width_of(width, wanted if on_bench else 1) if lesson == "beside" else 0
    inner = width - lesson_width - (LESSON_GAP if lesson_width else 0)
    tall = height >= TALL
    timeline_height = 4 if tall else 1
    cleaner_height = 3 if tall else 2
    fixed = STATUS_HEIGHT + TABS_HEIGHT + FOOTER_HEIGHT + timeline_height + cleaner_height
    room = max(height - fixed, 2)
    per_page = panels_in(inner, wanted)
    panel_width = (inner - PANEL_GAP * (per_page - 1)) // per_page
    most = MOST_BRIEF if tall else LESSON_BRIEF if lesson == "itself" and room > MIN_LOWER else 0
    brief = 0 if on_bench else min(n_threads, most)
    lower_height = plot_height = 0
    if on_bench and tall:
        part = LOWER_PARTS[lower]
        share = max(room // 3, MIN_LOWER)
        if part == "plot":
            plot_height = share
        elif part == "log and packets":
            lower_height = share
            plot_height = share // 2 if height >= VERY_TALL else 0
    two = inner >= TWO_WIDE
    packets_width = inner // 2 if two and lower_height else 0
    log_width = (inner - packets_width - (1 if packets_width else 0)) if lower_height else 0
    return Layout(
        width=width,
        inner_width=inner,
        lesson_width=lesson_width,
        room=room,
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


def panels_in(width: int, wanted: int) -> int:
    """How many panels stand side by side: as many as are wanted, if they fit; at least one."""
    return max(min((width + PANEL_GAP) // (PANEL_WIDTH + PANEL_GAP), wanted), 1)


def lesson_width_of(width: int, wanted: int) -> int:
    """How wide a lesson is beside a bench of so many workers; 0: it has a place of its own."""
    if width < LESSON_FROM:
        return 0
    share = min(max(int(width * LESSON_SHARE) - LESSON_GAP, LESSON_LEAST), LESSON_MOST)
    most = panels_in(width - LESSON_GAP - LESSON_LEAST, wanted)
    if panels_in(width - LESSON_GAP - share, wanted) < most:
        return width - LESSON_GAP - (most * (PANEL_WIDTH + PANEL_GAP) - PANEL_GAP)
    return share


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
