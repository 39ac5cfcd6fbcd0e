"""What lies over the screen until it is closed."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Result = TypeVar("Result")


class Modal(ModalScreen[Result]):
    """Over the screen; a press of a key that still comes when it is closed does nothing."""

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close it with a result: once, and only while it is on top."""
        if self.app.screen is self:
            return super().dismiss(result)
        return AwaitComplete()
