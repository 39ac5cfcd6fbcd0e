"""The prompt in a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

#: Nothing here takes so long; a test that waits for it fails.
PATIENCE_S = 30
#: The end of the toolbar, which is painted with each new prompt.
READY = "no flag up"
UP = "\x1b[A"
RIGHT = "\x1b[C"
BACKSPACE = "\x7f"
CTRL_C = "\x03"
CTRL_D = "\x04"
#: What moves the cursor and colours the text.
CONTROL = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x1b\][^\x07]*\x07|\r")
#: prompt_toolkit asks where the cursor is before it paints.
CURSOR_ASKED = b"\x1b[6n"


class Terminal:
    """`aclbench repl` in a terminal of 80 by 24; a person types only after seeing something.

    `painted` is all that came, with what moves the cursor and colours the text.
    """

    command = "repl"
    columns = 80

    def __init__(self, state: Path, *arguments: str) -> None:
        self.painted = b""
        self.fd, child = pty.openpty()
        environment = os.environ | {
            "XDG_STATE_HOME": str(state),
            "TERM": "xterm",
            "LINES": "24",
            "COLUMNS": str(self.columns),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aclbench", self.command, *arguments],
            stdin=child,
            stdout=child,
            stderr=child,
            env=environment,
            start_new_session=True,
        )
        os.close(child)
        self._unseen = b""

    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def see(self, text: str) -> str:
        """Wait for a text; returns what was seen up to it, and goes on behind it."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            plain = CONTROL.sub(b"", self._unseen)
            before, found, after = plain.partition(text.encode())
            if found:
                self._unseen = after
                return (before + found).decode(errors="replace")
            assert time.monotonic() < deadline, f"{text!r} never came; there is {plain!r}"
            self._read()

    def leave(self) -> int:
        """Wait for the end; returns the exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not leave; there is {self._unseen!r}"
            self._read()
        return self.process.returncode

    def _read(self) -> None:
        ready, _, _ = select.select([self.fd], [], [], 0.1)
        if not ready:
            return
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # Linux says so where the other end is closed
            return
        for _ in range(data.count(CURSOR_ASKED)):
            os.write(self.fd, b"\x1b[1;1R")
        self._unseen += data
        self.painted += data

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.fd)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """With two interfaces, an ACL, and nothing typed before."""
    here = Terminal(tmp_path, "two-workers")
    yield here
    here.close()


def test_a_person_completes_recalls_edits_asks_and_leaves(terminal: Terminal) -> None:
    """Tab, Up, backspace, `?`, Ctrl-C and Ctrl-D, in the order of a first look round."""
    terminal.see(READY)
    terminal.type("sh acl-plugin inter\t\r")
    terminal.see("acl-plugin interface")
    terminal.see("sw_if_index 1:")
    terminal.see(READY)
    terminal.type(UP)
    terminal.see("acl-plugin interface")
    terminal.type(BACKSPACE * len("interface ") + "nonsense\r")
    terminal.see("error: show acl-plugin: unknown input")
    terminal.see("unknown word 'nonsense'")
    terminal.see(READY)
    terminal.type("show acl-plugin ?")
    terminal.see("show sessions, each worker's data")
    terminal.see(READY)
    terminal.type("sessions\r")
    terminal.see("Sessions total: add 0 - del 0 = 0")
    terminal.see("Conn cleaner thread counters:")
    terminal.see(READY)
    terminal.type("half a line" + CTRL_C)
    terminal.see(READY)
    terminal.type(CTRL_D)
    assert terminal.leave() == 0


def test_the_toolbar_is_there_and_quit_leaves(terminal: Terminal) -> None:
    """Virtual time, and sessions by class."""
    terminal.see("udp_idle 0 tcp_idle 0 tcp_transient 0")
    terminal.type("quit\r")
    assert terminal.leave() == 0


def test_lines_are_remembered_from_one_session_to_the_next(tmp_path: Path) -> None:
    """And suggested, unless told not to."""
    with closing(Terminal(tmp_path)) as first:
        first.see(READY)
        first.type("show acl-plugin interface\r")
        first.see(READY)
        first.type(CTRL_D)
        assert first.leave() == 0
    with closing(Terminal(tmp_path)) as second:
        second.see(READY)
        second.type("sho")
        second.see("w acl-plugin interface")
        second.type(f"{RIGHT}\r")
        second.see(READY)
        second.type(CTRL_D)
        assert second.leave() == 0
    with closing(Terminal(tmp_path, "--no-suggestions")) as third:
        third.see(READY)
        third.type(f"sho{RIGHT}foo\r")
        assert "w acl" not in third.see("unknown word 'shofoo'")
        third.see(READY)
        third.type(CTRL_D)
        assert third.leave() == 0
