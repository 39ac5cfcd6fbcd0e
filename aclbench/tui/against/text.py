"""What differs between two benches: a line of figures for each, and the sessions of one alone."""

from __future__ import annotations

from typing import Final

from aclbench.tui.drawing import Drawing, Line, drawing, heading
from aclbench.tui.frame import Figure, Frame
from aclbench.tui.palette import Palette
from aclbench.tui.status.text import IN_HAND
from aclbench.tui.targets import NoticeTarget
from aclbench.tui.units import fit, short_count
from aclbench.tui.workers.lists import ONLY_HERE, column_heads, session_line, times_at
from aclbench.words import counted

#: A figure that is another on the other bench.
DIFFERS: Final = "≠"
#: What is not counted there, or not known just now.
NOT_THERE: Final = "-"
#: The labels of the sessions that one has and the other has not, and of the packets that meet
#: another fate there.
_ONLY: Final = "only here"
_OTHER_FATE: Final = "other fate"


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
    if not against.in_step:
        times = [side.clock.display(side.snapshot.now) for side in sides]
        for line, time in zip(lines, times, strict=True):
            line.add(f"  at {time}".ljust(max(map(len, times)) + 5), palette.up)
    for figure in _with_only(frame):
        values = [figure.own, figure.other] if in_hand[0] else [figure.other, figure.own]
        texts = [NOT_THERE if value is None else short_count(value) for value in values]
        wide = max(len(text) for text in texts)
        if len(lines[0]) + 4 + len(figure.label) + wide > width:
            break
        differs = against.in_step and figure.own != figure.other and None not in values
        differs |= figure.label == _OTHER_FATE and bool(figure.own)
        target = NoticeTarget() if figure.label == _OTHER_FATE else None
        for line, text in zip(lines, texts, strict=True):
            line.add("  ").add(figure.label, palette.dim, target if line is lines[0] else None)
            line.add(" ")
            line.add(text.rjust(wide), palette.changed if differs else palette.plain)
            line.add(DIFFERS if differs else " ", palette.changed)
    return drawing(lines)


def _with_only(frame: Frame) -> list[Figure]:
    """The figures, behind the first of them sessions of one alone, and packets' fates."""
    against = frame.against
    assert against is not None
    own, other = (None, None) if against.alone is None else (a.total for a in against.alone)
    first, *others = against.figures
    noticed = Figure(_OTHER_FATE, against.noticed, against.noticed)
    return [first, Figure(_ONLY, own, other), noticed, *others]


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
