"""The few styles that texts use, taken from the theme of the app.

A colour only repeats what a glyph or a word says: without colours nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rich.style import Style
from rich.text import Text

NO_STYLE: Final = Style.null()
BOLD: Final = Style(bold=True)
DIM: Final = Style(dim=True)


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
    )


def heading(left: str, right: str, width: int, palette: Palette) -> Text:
    """A line that begins a region: its name on the left, a word about it on the right."""
    room = max(width - len(left) - 2, 0)
    right = right if len(right) <= room else ""
    text = Text(no_wrap=True, end="")
    text.append(left.ljust(width - len(right))[:width], palette.heading)
    text.append(right, palette.heading + Style(bold=False))
    return text
