"""What is typed, key by key: each goes on when what the one before brought about stands.

A key goes from the widget that has the focus up to the app, and what it opens has the focus some
turns later. Of two that are typed fast the second would be answered by what the first one leaves.
Behind each key goes a `Fence`, the same way; only when that is through is the next key handed on.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from textual import events
from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump

#: How long what is typed waits for a screen that is being made, or for a key that went before and
#: was lost with its widget, in seconds.
MADE_S: Final = 1.0
#: Turns of the event loop that a key's dialog needs to be put on the screen.
_TURNS: Final = 3
#: Rounds of a fence: a key has its widget send a message, whose answer opens or closes a dialog.
_ROUNDS: Final = 2

Typing = events.Key | events.Paste


class Fence(Message):
    """Goes behind the key of a number, for so many rounds."""

    def __init__(self, number: int, rounds: int) -> None:
        super().__init__()
        self.number = number
        self.rounds = rounds


class Typed:
    """Keys that wait for their turn. `forward` hands one on to what has the focus; `may_go` says
    whether a key can be answered now: while the bench is made most cannot."""

    def __init__(
        self,
        app: App[Any],
        forward: Callable[[events.Event], Awaitable[None]],
        may_go: Callable[[Typing], bool],
    ) -> None:
        self._app = app
        self._forward = forward
        self._may_go = may_go
        self._waiting: deque[Typing] = deque()
        #: Of the key that was handed on last.
        self._number = 0
        self._is_under_way = False
        self._since = 0.0

    async def take(self, event: Typing) -> None:
        """A key is typed: it goes on now, or when those before it are through."""
        self._waiting.append(event)
        if self._is_under_way and time.monotonic() - self._since > MADE_S:
            self._is_under_way = False
        await self.go_on()

    async def go_on(self) -> None:
        """Hand the next key on, if there is one and it may go."""
        if self._is_under_way or not self._app.screen_stack:
            return
        event = next(filter(self._may_go, self._waiting), None)
        if event is None:
            return
        self._waiting.remove(event)
        self._is_under_way, self._since = True, time.monotonic()
        await self._wait_for_screen()
        if not self._app.screen_stack:  # the app has ended meanwhile
            return
        self._number += 1
        target: MessagePump = self._app.focused or self._app.screen
        await self._forward(event)
        self._send(Fence(self._number, _ROUNDS), target)

    async def passed(self, fence: Fence) -> None:
        """A fence is through, and so is its key. One may come when the app has closed its screens:
        nobody is left for the keys behind it."""
        if fence.number != self._number or not self._is_under_way or not self._app.screen_stack:
            return
        if fence.rounds > 1:
            self._send(Fence(fence.number, fence.rounds - 1), self._app.focused or self._app.screen)
            return
        for _turn in range(_TURNS):
            await asyncio.sleep(0)
        self._is_under_way = False
        await self.go_on()

    def _send(self, fence: Fence, target: MessagePump) -> None:
        if not target.post_message(fence):  # it is being removed
            self._app.post_message(fence)

    async def _wait_for_screen(self) -> None:
        """The widgets of a screen come last."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._app.screen._mounted_event.wait(), MADE_S)
