"""The widget that most regions are: one text, repainted only when it changed."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static


class TextPanel(Static):
    """A widget that shows one text and repaints only when the text is another."""

    DEFAULT_CSS = """
    TextPanel { text-wrap: nowrap; text-overflow: clip; }
    """

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self._shown: Text | None = None

    def show(self, text: Text) -> None:
        """Show a text, if it is not what stands here already."""
        old = self._shown
        if old is None or old.plain != text.plain or old.spans != text.spans:
            self._shown = text
            self.update(text)
