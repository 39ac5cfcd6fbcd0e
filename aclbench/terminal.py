"""The terminal that a program takes over: put right whatever ends it, and read without harm.

A leaf; for faces that somebody sits at.
"""

from __future__ import annotations

import codecs
import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Final, Self

#: What ends a program from outside, or from a terminal that is closed.
ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
#: Where the local modes are in a terminal's attributes.
_LOCAL_MODES: Final = 3
#: How long a program may take to end by itself after a signal, in seconds.
GRACE_S: Final = 3.0
#: What a signal raised where Python drops it is raised again after so long, in seconds.
AGAIN_S: Final = 0.01
#: Ends bracketed paste, shows the cursor, wraps long lines, takes colours off.
PLAIN: Final = "\x1b[?2004l\x1b[?25h\x1b[?7h\x1b[0m"
#: The same after a screen: mouse, focus and keyboard reports off, back from the alternate screen.
OFF_SCREEN: Final = (
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?2048l\x1b[?1004l\x1b[<u"
    "\x1b[?1049l" + PLAIN
)


class Ended(SystemExit):
    """The program does not end as the person at it wanted; its `code` is the exit code."""


def ended_by(number: int) -> Ended:
    """Ended by a signal, with the exit code that shells give."""
    return Ended(128 + number)


class Guard:
    """For the time of a `with` block: whatever ends the program, the terminal is as it was.

    At the first signal of `signals` `end` is called with its number: it sees to it that the block
    is left soon, which then raises `Ended`. If that takes longer than GRACE_S, the process ends all
    the same. `last_words` says what is then still to be written to standard error. Without `echo`
    the terminal shows nothing that is typed while nobody reads: only what reads it knows what in it
    a terminal would obey.
    """

    def __init__(
        self,
        end: Callable[[int], None],
        last_words: Callable[[], str],
        signals: tuple[signal.Signals, ...] = ENDING,
        echo: bool = True,
    ) -> None:
        self._end = end
        self._last_words = last_words
        self._signals = signals
        self._echo = echo
        self._handlers: dict[signal.Signals, Any] = {}
        self._attributes: list[Any] = []
        self._terminal = -1
        #: Sends a signal again whose error was dropped, and whether that error was Ended.
        self._again: threading.Timer | None = None
        self._dropped = False
        #: The signal that ends the program; 0: none does.
        self.signal = 0
        #: What takes back what was asked of the terminal by escape sequences.
        self.undo = PLAIN
        #: Keeps others from writing to the terminal from now on.
        self.silence: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        # An open file of our own, which can be written to without waiting, however full it is.
        with suppress(OSError):
            self._terminal = os.open(os.ttyname(0), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        with suppress(termios.error):
            self._attributes = termios.tcgetattr(0)
            if not self._echo:
                self._silence_echo()
        for number in self._signals:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it
                self._handlers[number] = signal.signal(number, self._hear)
        self._tell_of_dropped, sys.unraisablehook = sys.unraisablehook, self._drop
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        sys.unraisablehook = self._tell_of_dropped
        if self._again is not None:
            self._again.cancel()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._put_right(self.undo if self.signal or error is not None else "")
        if self._terminal >= 0:
            os.close(self._terminal)
        if self.signal and not isinstance(error, Ended):
            raise ended_by(self.signal) from error

    def hang_up(self) -> None:
        """The terminal is closed; to be called from any thread."""
        self._begin_ending(signal.SIGHUP)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._dropped:
            self._dropped = False
            self._end(number)
        else:
            self._begin_ending(number)

    def _drop(self, dropped: sys.UnraisableHookArgs) -> None:
        """An error that came amid a destructor or the like, where Python tells of it and goes on.

        What a signal raised is not lost by that: the signal is sent again.
        """
        error = dropped.exc_value
        if isinstance(error, Ended):
            self._dropped = True
        elif not isinstance(error, KeyboardInterrupt):
            self._tell_of_dropped(dropped)
            return
        number = self.signal if self._dropped else signal.SIGINT
        self._again = threading.Timer(AGAIN_S, os.kill, (os.getpid(), number))
        self._again.daemon = True
        self._again.start()

    def _begin_ending(self, number: int) -> None:
        if self.signal:
            return
        self.signal = number
        timer = threading.Timer(GRACE_S, self._end_now)
        timer.daemon = True
        timer.start()
        self._end(number)

    def _end_now(self) -> None:
        """The program hangs: in a terminal that takes no output, or in a long computation."""
        self.silence()
        self._put_right(self.undo)
        write_now(self._terminal if os.isatty(2) else 2, self._last_words())
        os._exit(128 + self.signal)

    def _silence_echo(self) -> None:
        attributes = [*self._attributes]
        attributes[_LOCAL_MODES] &= ~termios.ECHO
        termios.tcsetattr(0, termios.TCSANOW, attributes)

    def _put_right(self, undo: str) -> None:
        write_now(self._terminal, undo)
        if self._attributes:
            with suppress(termios.error):  # the terminal may be closed
                termios.tcsetattr(0, termios.TCSANOW, self._attributes)


def write_now(fd: int, text: str) -> None:
    """Write to a file, past all buffers; nothing is to be done if nobody can take it."""
    with suppress(OSError):
        os.write(fd, text.encode("ascii", "replace"))


# --- what comes from a terminal -----------------------------------------------------------------

#: A paste is cut behind so many characters; nothing that is typed here is so long.
MAX_PASTE: Final = 64 << 10
#: More characters than this in such a time (in seconds) is nobody's typing, nor a mouse's moves.
MAX_FLOOD: Final = 4096
FLOOD_S: Final = 0.1
PASTE_BEGINS: Final = "\x1b[200~"
PASTE_ENDS: Final = "\x1b[201~"


class Typed:
    """Makes text of the bytes that a terminal sends, without what cannot be anything typed.

    What is no UTF-8 is left out, and of a bracketed paste all behind MAX_PASTE characters. With
    `limits_flood` so is what comes unmarked and faster than anybody types, until it pauses.
    """

    def __init__(
        self, limits_flood: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("ignore").decode
        self._limits_flood = limits_flood
        self._clock = clock
        #: The last characters, in which a marker may have begun.
        self._tail = ""
        #: How much of a paste may still come; None: there is none under way.
        self._room: int | None = None
        self._flood_began, self._flood = 0.0, 0

    def take(self, data: bytes) -> str:
        """The text of the next bytes."""
        text = self._decode(data)
        found: list[str] = []
        while text:
            outside = self._room is None
            marker = PASTE_BEGINS if outside else PASTE_ENDS
            known = len(self._tail)
            at = (self._tail + text).find(marker)
            upto = len(text) if at < 0 else at + len(marker) - known
            part, text = text[:upto], text[upto:]
            self._tail = "" if at >= 0 else (self._tail + part)[1 - len(marker) :]
            found.append(self._typed(part) if outside else self._pasted(part, at >= 0))
            if at >= 0:
                self._room = MAX_PASTE if outside else None
        return "".join(found)

    def pause(self) -> None:
        """Nothing came for a while."""
        self._flood = 0

    def _typed(self, part: str) -> str:
        now = self._clock()
        if self._flood <= MAX_FLOOD and now - self._flood_began > FLOOD_S:
            self._flood_began, self._flood = now, 0
        self._flood += len(part)
        return "" if self._limits_flood and self._flood > MAX_FLOOD else part

    def _pasted(self, part: str, ends: bool) -> str:
        assert self._room is not None
        if len(part) <= self._room:
            self._room -= len(part)
            return part
        kept, self._room = part[: self._room], 0
        if (escape := kept.rfind("\x1b", 1 - len(PASTE_ENDS))) >= 0:
            kept = kept[:escape]  # it may be the beginning of the marker
        return kept + PASTE_ENDS if ends else kept
