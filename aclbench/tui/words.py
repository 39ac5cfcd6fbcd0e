"""Words on the screen beside the drawings, seen as they are: plain text, and inputs."""

from __future__ import annotations

from rich.text import Text
from textual.strip import Strip
from textual.widgets import Input, Static

from aclbench.visible import masked, visible


class Words(Static):
    """Plain text of some lines."""

    def __init__(self, text: str = "", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(visible(text), id=id, classes=classes, markup=False)

    def say(self, text: str) -> None:
        """Show this instead."""
        self.update(visible(text))


def last_words(text: str) -> Text:
    """What the terminal shows once the screen has gone."""
    return Text(visible(text))


class TextInput(Input):
    """An input that shows a sign for what cannot be seen: pasted, completed, or suggested."""

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        if all(segment.text.isprintable() for segment in strip):
            return strip
        shown = [segment._replace(text=masked(segment.text)) for segment in strip]
        return Strip(shown).crop(0, strip.cell_length)
