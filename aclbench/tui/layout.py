"""How many panels fit, and how lines are shared: the arithmetic that no style sheet does."""

from __future__ import annotations

from typing import Final

#: A worker's panel is at least this wide, and this far from the next.
PANEL_WIDTH: Final = 39
PANEL_GAP: Final = 2
#: Log and packets stand beside each other from this width on.
TWO_WIDE: Final = 110
#: Two benches stand beside each other from this width on.
BOTH_FROM: Final = 120
#: From this width on a lesson stands beside the bench; it has this share of the width.
LESSON_FROM: Final = 120
LESSON_SHARE: Final = 3 / 8
LESSON_GAP: Final = 1
#: A lesson's panel is so wide; less than its share where so one worker more can be seen.
LESSON_LEAST: Final = 39
LESSON_MOST: Final = 60


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
