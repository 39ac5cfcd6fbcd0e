"""What differs between two benches: a line of figures for each, and the sessions of one alone."""

from __future__ import annotations

from typing import Final

from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Figure, Frame
from aclbench.tui.palette import Palette
from aclbench.tui.units import fit, short_count
from aclbench.tui.workers.lists import ONLY_HERE, column_heads, session_line, times_at
from aclbench.words import counted

#: The bench in hand; a figure that is another on the other one.
IN_HAND: Final = "▸"
DIFFERS: Final = "≠"
#: What is not counted there, or not known just now.
NOT_THERE: Final = "-"
#: The label of the sessions that one has and the other has not.
_ONLY: Final = "only here"


def figures_drawing(frame: Frame, width: int, palette: Palette) -> Drawing:
    """Two lines, the first bench's above the second's, with as many figures as fit."""
    against = frame.against
    if against is None:
        return drawing(())
    sides = [frame.of_bench(0), frame.of_bench(1)]
    in_hand = [side is frame for side in sides]
    name_width = max(len(side.label) for side in sides)
    name_width = min(name_width, max(width // 3, 9))
    lines = [
        Line()
        .add(f" {IN_HAND if own else ' '}", palette.up)
        .add(fit(side.label, name_width).ljust(name_width), palette.heading if own else "")
        for side, own in zip(sides, in_hand, strict=True)
    ]
    for figure in _with_only(frame):
        values = [figure.own, figure.other] if in_hand[0] else [figure.other, figure.own]
        texts = [NOT_THERE if value is None else short_count(value) for value in values]
        wide = max(len(text) for text in texts)
        if len(lines[0]) + 4 + len(figure.label) + wide > width:
            break
        differs = against.in_step and figure.own != figure.other and None not in values
        for line, text in zip(lines, texts, strict=True):
            line.add(f"  {figure.label} ", palette.dim)
            line.add(text.rjust(wide), palette.changed if differs else palette.plain)
            line.add(DIFFERS if differs else " ", palette.changed)
    if not against.in_step:
        lines[1 - against.in_hand].add(f" at {_time(frame)}", palette.up).fit(width)
    return drawing(lines)


def _time(frame: Frame) -> str:
    against = frame.against
    assert against is not None
    return frame.clock.display(against.other.snapshot.now)


def _with_only(frame: Frame) -> list[Figure]:
    """The figures, behind the first of them the sessions that one alone has."""
    against = frame.against
    assert against is not None
    own, other = (None, None) if against.alone is None else (a.total for a in against.alone)
    first, *others = against.figures
    return [first, Figure(_ONLY, own, other), *others]


def alone_drawing(frame: Frame, number: int, width: int, height: int, palette: Palette) -> Drawing:
    """The sessions that one bench has and the other has not, those that go first above."""
    against, side = frame.against, frame.of_bench(number)
    if against is None:
        return drawing((), height)
    place = f" only on {side.label}"
    if against.alone is None:
        said = "counted once it stands still" if frame.state == "playing" else "looking ..."
        said = said if against.in_step else "the other bench stands elsewhere"
        return drawing([heading(place, "", width, palette), Line(f" {said}", palette.dim)], height)
    alone = against.alone[0 if side is frame else 1]
    title = f"{place}  {counted(alone.total, 'session')}"
    if alone.total and len(title) < times_at(width):
        title = title.ljust(times_at(width)) + column_heads(width)
    lines = [heading(title, "", width, palette)]
    shown = alone.first[: max(height - 1, 0)]
    for session in shown:
        line = Line(" ").add(ONLY_HERE, palette.bad).add(f" {session.session_index:>3} ")
        lines.append(session_line(side, session, line, width, palette))
    return drawing(lines, height)
