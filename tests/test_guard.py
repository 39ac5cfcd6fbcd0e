"""A terminal that is taken over: whatever ends the program does so, whenever it comes."""

from __future__ import annotations

import signal
import subprocess
import sys
import weakref
from contextlib import closing
from pathlib import Path

import pytest
from pseudoterminal import Terminal

from aclbench.terminal import Guard

#: A signal comes while an object goes, where Python drops what its handler raises.
AMID = """
import signal, sys, time
from aclbench.repl.keyboard import prompt_guard
class Going:
    def __del__(self):
        signal.raise_signal(int(sys.argv[1]))
with prompt_guard():
    going = Going()
    try:
        del going
        time.sleep(60)
    except KeyboardInterrupt:
        print("stopped")
"""


@pytest.mark.parametrize(
    ("number", "code", "says"),
    [(signal.SIGTERM, 128 + signal.SIGTERM, ""), (signal.SIGINT, 0, "stopped\n")],
)
def test_a_signal_amid_a_destructor_is_not_dropped(
    number: signal.Signals, code: int, says: str
) -> None:
    """Nor told of by Python; and it does not take until a program that hangs would be ended."""
    done = subprocess.run(
        [sys.executable, "-c", AMID, str(int(number))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, says, "")


#: An error, with the terminal as a screen has it.
UNTIDY = """
import sys
from aclbench.terminal import OFF_SCREEN, Guard
with Guard(lambda number: None, str) as guard:
    guard.undo = OFF_SCREEN
    for mode in ("1049h", "1000h", "1003h", "1006h", "2004h", "1004h", "25l"):
        print(f"\\x1b[?{mode}", flush=True)
    sys.exit(3)
"""


def test_what_a_program_has_asked_of_a_terminal_is_taken_back(tmp_path: Path) -> None:
    with closing(Terminal(tmp_path, program=UNTIDY)) as terminal:
        assert terminal.leave() == 3
        assert b"\x1b[?1049h" in terminal.painted
        assert not terminal.modes_left


def test_what_else_is_dropped_is_told_of() -> None:
    """And behind the block as before."""
    told: list[object] = []
    before, sys.unraisablehook = sys.unraisablehook, told.append
    try:
        with Guard(lambda number: None, str, signals=()):
            _drop_an_error()
        assert len(told) == 1
        assert sys.unraisablehook == told.append
    finally:
        sys.unraisablehook = before


def _drop_an_error() -> None:
    class Going:
        pass

    def fail(_: object) -> None:
        raise ZeroDivisionError

    going = Going()
    kept = weakref.ref(going, fail)
    del going
    assert kept() is None
