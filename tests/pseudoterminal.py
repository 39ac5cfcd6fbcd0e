"""The command `aclbench` in a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from pathlib import Path
from typing import Any, Final

from forked import Forked

#: Nothing here takes so long, in seconds; a test that waits for it fails.
PATIENCE_S: Final = 30
POLL_S: Final = 0.005
LINES: Final = 24
#: What moves the cursor and colours the text.
CONTROL: Final = re.compile(rb"\x1b\[[<>0-9;?]*[a-zA-Z]|\x1b[=>]|\x1b\][^\x07]*\x07|\r")
#: prompt_toolkit asks where the cursor is before it paints.
CURSOR_ASKED: Final = b"\x1b[6n"
#: What a program may ask of a terminal (`h`), and takes back (`l`): DEC's private modes.
MODE: Final = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
#: Modes that are on at the start: lines wrap, the cursor is seen; and those of no consequence.
ON_AT_START: Final = frozenset({b"7", b"25"})
HARMLESS: Final = frozenset({b"12", b"2026"})


class Terminal:
    """A command in a terminal of its own; a person types only after seeing something.

    `program` is what Python runs, instead of the command. `painted` is all that came, with what
    moves the cursor and colours the text.
    """

    columns = 80

    def __init__(self, state: Path, *arguments: str, program: str = "") -> None:
        self.fd, self._child = pty.openpty()
        fcntl.ioctl(self._child, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, self.columns, 0, 0))
        self.attributes_before = self.attributes
        environment = os.environ | {"XDG_STATE_HOME": str(state), "TERM": "xterm"}
        environment |= {"LINES": str(LINES), "COLUMNS": str(self.columns)}
        name = os.ttyname(self._child)
        self.process = Forked(arguments, (name, name, name), environment, program)
        self.painted = b""
        self._unseen = b""

    @property
    def attributes(self) -> list[Any]:
        """How the terminal is set: raw or not, with echo or not."""
        return termios.tcgetattr(self._child)

    @property
    def modes_left(self) -> set[bytes]:
        """The modes in which the terminal is not as at the start."""
        modes: dict[bytes, bool] = {}
        for names, letter in MODE.findall(self.painted):
            modes |= dict.fromkeys(names.split(b";"), letter == b"h")
        left = {name for name, on in modes.items() if on != (name in ON_AT_START)}
        return left - HARMLESS

    def type(self, keys: str | bytes) -> None:
        os.write(self.fd, keys.encode() if isinstance(keys, str) else keys)

    def see(self, text: str) -> str:
        """Wait for a text; returns what was seen up to it, and goes on behind it."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            plain = CONTROL.sub(b"", self._unseen)
            before, found, after = plain.partition(text.encode())
            if found:
                self._unseen = after
                return (before + found).decode(errors="replace")
            assert self.process.poll() is None or self._read(), (
                f"it ended; there is {plain[-500:]!r}"
            )
            assert time.monotonic() < deadline, f"{text!r} never came; there is {plain[-500:]!r}"
            self._read()

    def leave(self) -> int:
        """Wait for the end; returns the exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it stays: {self._unseen[-500:]!r}"
            self._read()
        while self._read():
            pass
        return self.process.wait()

    def listen(self) -> None:
        """Take what is there, or wait a moment for it."""
        self._read(POLL_S)

    def _read(self, wait_s: float = 0.1) -> bool:
        """Read what is there; False: nothing."""
        ready, _, _ = select.select([self.fd], [], [], wait_s)
        if not ready:
            return False
        data = os.read(self.fd, 65536)
        for _ in range(data.count(CURSOR_ASKED)):
            os.write(self.fd, b"\x1b[1;1R")
        self.painted += data
        self._unseen += data
        return True

    def stop_output(self) -> None:
        """Have whoever writes wait, as Ctrl-S does."""
        termios.tcflow(self._child, termios.TCOOFF)

    def hang_up(self) -> None:
        """Close the terminal, as whoever closes its window does."""
        os.close(self.fd)
        self.fd = -1
        os.close(self._child)
        self._child = -1

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for fd in (self.fd, self._child):
            if fd >= 0:
                os.close(fd)
