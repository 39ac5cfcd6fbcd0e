"""The few styles that texts use, taken from the theme of the app.

A colour only repeats what a glyph or a word says: without colours nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rich.style import Style

NO_STYLE: Final = Style.null()
BOLD: Final = Style(bold=True)
DIM: Final = Style(dim=True)
REVERSE: Final = Style(reverse=True)


@dataclass(frozen=True, slots=True)
class Palette:
    """Styles by what they say. The default has no colours."""

    plain: Style = NO_STYLE
    strong: Style = BOLD
    dim: Style = DIM
    heading: Style = BOLD
    up: Style = BOLD
    changed: Style = BOLD
    good: Style = NO_STYLE
    bad: Style = BOLD
    selected: Style = REVERSE
    #: The three classes, for plots.
    classes: tuple[Style, Style, Style] = (NO_STYLE, NO_STYLE, NO_STYLE)


def palette_of(variables: Mapping[str, str]) -> Palette:
    """The palette of a theme, from its CSS variables."""

    def style(name: str, bold: bool = False) -> Style:
        value = variables.get(name, "")
        return Style(color=value[:7] if value.startswith("#") else None, bold=bold)

    panel = variables.get("panel", "")
    return Palette(
        heading=style("text-primary", bold=True)
        + Style(bgcolor=panel[:7] if panel.startswith("#") else None),
        up=style("text-warning", bold=True),
        changed=style("text-success", bold=True),
        good=style("text-success"),
        bad=style("text-error", bold=True),
        classes=(style("text-primary"), style("text-success"), style("text-warning")),
    )
