"""Words on the screen beside the drawings, seen as they are: plain text, and inputs."""

from __future__ import annotations

from rich.text import Text
from textual import events
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

    async def on_key(self, event: events.Key) -> None:
        """What a key of its own does, it does at once.

        Textual has the app do it, behind the characters that were typed after that key.
        """
        bound = self.screen.active_bindings.get(event.key)
        if bound is None or bound.node is not self or not bound.enabled:
            return
        if await self.app.run_action(bound.binding.action, self):
            event.stop()
            event.prevent_default()

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        if all(segment.text.isprintable() for segment in strip):
            return strip
        shown = [segment._replace(text=masked(segment.text)) for segment in strip]
        return Strip(shown).crop(0, strip.cell_length)
