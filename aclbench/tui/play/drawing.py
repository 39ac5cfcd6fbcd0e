"""Draws the game: the goal, who may go next, and the steps so far as lanes."""

from __future__ import annotations

from textwrap import wrap
from typing import Final

from aclbench.museum.playing import Play
from aclbench.tui.drawing import Drawing, Line
from aclbench.tui.palette import Palette

HOW: Final = (
    "At the bottom is whoever can go, with the step that he would take next: his digit has him "
    "take it. Another one may go before he is through: that is a switch. What was done is here, "
    "a column for each, a line a step, with what it wrote: old > new."
)
KEYS: Final = " 1-9 let one go   u Undo   h Hint   r Restart   q Quit"
#: What can be chosen is so much at most.
MOST: Final = 9


def draw(play: Play, hints: bool, width: int, height: int, palette: Palette) -> Drawing:
    """The whole screen; of the steps the last that have room."""
    head = [Line(f" {play.title}".ljust(width), palette.heading).fit(width)]
    head += [Line(f" {line}", palette.strong) for line in wrap(f"Goal: {play.goal}", width - 2)]
    head.append(Line(f" switches in the middle of a turn: {play.told.preemptions}", palette.dim))
    foot = [Line(KEYS, palette.dim).fit(width)]
    if hints and (hint := play.hint()):
        foot.insert(0, Line(f" Hint: {hint}", palette.changed).fit(width))
    if play.is_over:
        style = palette.good if play.is_won else palette.bad
        foot = [*(Line(f" {line}", style) for line in wrap(play.outcome(), width - 2)), *foot]
    else:
        foot = [*_options(play, width, palette), *foot]
    room = max(height - len(head) - len(foot) - 2, 0)
    return Drawing((*head, Line(), *_steps(play, width, room), Line(), *foot))


def _options(play: Play, width: int, palette: Palette) -> list[Line]:
    names = max(len(option.actor) for option in play.options)
    return [
        Line(f" {number} ", palette.up)
        .add(f"{option.actor:{names}}  ", palette.strong)
        .add(option.step)
        .add("  a switch" if option.preempts else "", palette.dim)
        .fit(width)
        for number, option in enumerate(play.options[:MOST], 1)
    ]


def _steps(play: Play, width: int, room: int) -> list[Line]:
    """What was done; before that, what the game is about."""
    lanes = play.lanes(width - 1)
    shown = [*lanes[:1], *lanes[1:][-max(room - 1, 0) :]] if room else []
    if not play.told.steps:
        about = [[*wrap(text, width - 2), ""] for text in (*play.about, HOW)]
        shown = [line for paragraph in about for line in paragraph][:room]
    return [Line(f" {line}") for line in [*shown, *[""] * (room - len(shown))]]
