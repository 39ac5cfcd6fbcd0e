"""Whatever ends a screen or a prompt: the terminal is as before, and the run goes on later."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest
from pseudoterminal import Terminal

READY: Final = {"tui": "playing", "repl": "no flag up"}
LINE: Final = "create packet-generator interface pg7"
#: The tenth call of the player's tick fails.
FAILING: Final = """
import itertools
from aclbench.cli import main
from aclbench.tui.player import Player
tick, calls = Player.tick, itertools.count()
def failing(*arguments):
    if next(calls) == 10:
        raise RuntimeError("as a fault of the program")
    tick(*arguments)
Player.tick = failing
main()
"""
#: The second line at the prompt fails.
FAILING_PROMPT: Final = """
from aclbench.cli import main
from aclbench.repl.session import Session
run = Session.run
def failing(session, line):
    if line == "fail":
        raise RuntimeError("as a fault of the program")
    return run(session, line)
Session.run = failing
main()
"""
#: What nobody can type, or means: an 8-bit Meta key, Latin-1, halves of sequences, wild numbers, a
#: size that no terminal has, and a paste without end.
NOISE: Final = (
    b"\xe1", "\u00fc".encode("latin-1"), b"\xff\xfe\x00", b"\x1b[", b"\x1b[999999999999;1u",
    b"\x1b[55296;1u", b"\x1b[48;9999;9999;9999;9999t", b"\x1b]0;", b"\x1b[<0;9999;9999M",
    b"\x1b[200~" + b"q\xff" * 200_000 + b"\x1b[201~",
)  # fmt: skip


def opened(face: str, state: Path, *arguments: str) -> Terminal:
    terminal = Terminal(state, face, *arguments)
    terminal.see(READY[face])
    return terminal


def is_as_before(terminal: Terminal) -> bool:
    return terminal.attributes == terminal.attributes_before and not terminal.modes_left


def records(state: Path) -> list[str]:
    return sorted(path.name for path in state.glob("aclbench/runs/[0-9]*"))


@pytest.mark.parametrize("face", ["tui", "repl"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT])
def test_signals(face: str, number: signal.Signals, tmp_path: Path) -> None:
    """At a prompt SIGINT is Ctrl-C, which ends nothing."""
    with closing(opened(face, tmp_path, "aging")) as terminal:
        if face == "repl":
            terminal.type(f"{LINE}\r")
            terminal.see(READY[face])
        terminal.process.send_signal(number)
        if face == "repl" and number == signal.SIGINT:
            terminal.see(READY[face])
            terminal.process.send_signal(number := signal.SIGTERM)
        assert terminal.leave() == 128 + number
        assert is_as_before(terminal)
        terminal.see(f"ended by {number.name}; the run is kept: `aclbench {face} --resume`")
        assert [name.split(".")[1] for name in records(tmp_path)] == [number.name]


@pytest.mark.parametrize("face", ["tui", "repl"])
def test_a_terminal_that_is_closed(face: str, tmp_path: Path) -> None:
    """It is nobody's controlling terminal here: nothing is told by a signal."""
    with closing(opened(face, tmp_path, "aging")) as terminal:
        if face == "repl":
            terminal.type(f"{LINE}\r")
            terminal.see(READY[face])
        terminal.hang_up()
        assert terminal.process.wait(30) == 128 + signal.SIGHUP
    assert [name.split(".")[1] for name in records(tmp_path)] == ["SIGHUP"]


def test_a_terminal_that_takes_no_output(tmp_path: Path) -> None:
    """As after Ctrl-S: what is written waits for ever, and the program does not."""
    with closing(opened("tui", tmp_path, "aging")) as terminal:
        terminal.stop_output()
        time.sleep(0.3)  # it plays: something is to be painted by then
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(30) == 128 + signal.SIGTERM
        assert terminal.attributes == terminal.attributes_before


def test_a_fault_of_the_program(tmp_path: Path) -> None:
    with closing(Terminal(tmp_path, "tui", "aging", program=FAILING)) as terminal:
        assert terminal.leave() == 1
        assert is_as_before(terminal)
        terminal.see("as a fault of the program")
        terminal.see("ended by an error; the run is kept: `aclbench tui --resume`")
        assert [name.split(".")[1] for name in records(tmp_path)] == ["error"]


def test_a_fault_of_the_program_at_the_prompt(tmp_path: Path) -> None:
    with closing(Terminal(tmp_path, "repl", "aging", program=FAILING_PROMPT)) as terminal:
        terminal.see(READY["repl"])
        terminal.type(f"{LINE}\r")
        terminal.see(READY["repl"])
        terminal.type("fail\r")
        terminal.see("as a fault of the program")
        terminal.see("ended by an error; the run is kept: `aclbench repl --resume`")
        assert terminal.leave() == 1
        assert is_as_before(terminal)
        assert [name.split(".")[1] for name in records(tmp_path)] == ["error"]


#: A lesson's face, and a sign that it stands.
LESSON: Final = {"tui": ("1",), "repl": ("1", "--repl")}
#: What fails in a lesson behind its first step.
FAILING_LESSON: Final = """
from aclbench.cli import main
from aclbench.tutor.course import LessonRun
def failing(*arguments, **options):
    raise RuntimeError("as a fault of the program")
LessonRun.predicting = failing
main()
"""


@pytest.mark.parametrize("face", ["tui", "repl"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_lesson_that_a_signal_ends_goes_on(
    face: str, number: signal.Signals, tmp_path: Path
) -> None:
    """What was done is there, and how to go on is said."""
    flag = " --repl" if face == "repl" else ""
    with closing(Terminal(tmp_path, "learn", *LESSON[face])) as terminal:
        terminal.see("Step 1 of 7" if face == "repl" else "y goes on")
        terminal.type("next\r" if face == "repl" else "y")
        terminal.see("What becomes of it?")
        terminal.see(READY["repl"] if face == "repl" else "the first is handed in")
        terminal.process.send_signal(number)
        assert terminal.leave() == 128 + number
        assert is_as_before(terminal)
        kept = f"what was done is kept: `aclbench learn 1{flag}` goes on with it"
        terminal.see(f"ended by {number.name}; {kept}")
    with closing(Terminal(tmp_path, "learn")) as terminal:
        terminal.see("1/7  at step 2")
        assert terminal.leave() == 0


def test_a_lesson_that_a_fault_ends_goes_on(tmp_path: Path) -> None:
    arguments = ("learn", *LESSON["repl"])
    with closing(Terminal(tmp_path, *arguments, program=FAILING_LESSON)) as terminal:
        terminal.see("Step 1 of 7")
        terminal.type("next\r")
        terminal.see("Step 2 of 7")
        terminal.type("guess 1\r")
        assert terminal.leave() == 1
        assert is_as_before(terminal)
        terminal.see("as a fault of the program")
        terminal.see("ended by an error; what was done is kept: `aclbench learn 1 --repl`")


@pytest.mark.parametrize("face", ["tui", "repl"])
def test_what_cannot_be_kept_is_said_once(face: str) -> None:
    """A state folder that nobody can write to, root included, is no reason to stop."""
    nowhere = Path("/dev/null/state")
    with closing(opened(face, nowhere, "aging")) as terminal:
        terminal.type("q" if face == "tui" else f"{LINE}\r")
        if face == "repl":
            terminal.see(READY[face])
            terminal.type("quit\r")
        assert terminal.leave() == 0
        assert terminal.painted.count(b"no record of the run is kept: the state folder") == 1
    with closing(Terminal(nowhere, "learn", *LESSON[face])) as terminal:
        terminal.see("Step 1 of 7" if face == "repl" else "y goes on")
        terminal.type("next\r" if face == "repl" else "y")
        terminal.see("What becomes of it?")
        terminal.type("guess 3\r" if face == "repl" else "3\r")
        terminal.see("The node that said so")
        terminal.type("quit\r" if face == "repl" else "q")
        assert terminal.leave() == 1
        times = terminal.painted.count(b"progress is not kept")
        assert times == 1 or (face == "tui" and times > 0)  # a screen paints its lines again
        assert b"Traceback" not in terminal.painted


@pytest.mark.parametrize("face", ["tui", "repl"])
def test_what_nobody_can_type_is_ignored(face: str, tmp_path: Path) -> None:
    with closing(opened(face, tmp_path, "two-workers")) as terminal:
        for noise in NOISE:
            terminal.type(noise)
        if face == "repl":
            terminal.type("\x03")
            terminal.type(f"\r{LINE}\rshow interface\r")
            terminal.see("pg7  ")
            terminal.see(READY[face])
            terminal.type("\x04")
        else:
            terminal.type("7")
            terminal.see("[7 story]")
            terminal.type("q")
        assert terminal.leave() == 0
        assert is_as_before(terminal)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A state folder with a run that somebody left, with one input."""
    with closing(opened("repl", tmp_path, "two-workers")) as terminal:
        terminal.type(f"{LINE}\r")
        terminal.see(READY["repl"])
        terminal.type("quit\r")
        terminal.see("the run is kept: `aclbench repl --resume` goes on with it")
        assert terminal.leave() == 0
    return tmp_path


def test_a_run_that_was_left_goes_on(kept: Path) -> None:
    """On either face; and it is one run all the time."""
    with closing(opened("repl", kept, "--resume")) as terminal:
        terminal.type("show interface\r")
        terminal.see("pg7  ")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.leave() == 128 + signal.SIGTERM
    [name] = records(kept)
    noon = datetime(2026, 5, 1, 12).timestamp()
    os.utime(kept / "aclbench" / "runs" / name, (noon, noon))
    what = "A run of Two workers, one connection ended on 2026-05-01 12:00 (SIGTERM)"
    with closing(Terminal(kept, "repl")) as terminal:
        terminal.see("goes on with it.")
        said = b" ".join(terminal.painted.split()).decode()
        assert f"{what}; `aclbench repl --resume` goes on with it." in said
        terminal.see(READY["repl"])
        terminal.type("quit\r")
        assert terminal.leave() == 0
    with closing(Terminal(kept, "tui", "--resume", "list")) as terminal:
        assert "1 input" in terminal.see("SIGTERM")
        assert terminal.leave() == 0
    with closing(Terminal(kept, "tui", "--paused")) as terminal:
        terminal.see("Go on with it? [y/N]")
        assert f"{what}. Go on with it?" in b" ".join(terminal.painted.split()).decode()
        terminal.type("y\r")
        terminal.see("paused")
        terminal.type("q")
        terminal.see("the run is kept: `aclbench tui --resume`")
        assert terminal.leave() == 0
    assert [name.split(".")[1] for name in records(kept)] == ["left"]


def test_nothing_is_kept_of_a_screen_that_was_only_looked_at(tmp_path: Path) -> None:
    with closing(opened("tui", tmp_path, "aging")) as terminal:
        terminal.type("q")
        assert terminal.leave() == 0
        assert b"is kept" not in terminal.painted
        assert is_as_before(terminal)
    assert records(tmp_path) == []


def test_a_damaged_record_is_set_aside_with_a_word(kept: Path) -> None:
    [name] = records(kept)
    path = kept / "aclbench" / "runs" / name
    header, *_ = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(header + b'["branch","main","",0]\n["what"]\n["cli","x"]\n')
    for said in ("was damaged; it is now", "no run is kept"):
        with closing(Terminal(kept, "repl", "--resume")) as terminal:
            terminal.see(said)
            assert terminal.leave() == 1
    assert records(kept) == [f"{name}.damaged-1"]
