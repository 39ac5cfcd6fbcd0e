"""A few cases of `make fuzz`, the same on every run; and that it finds what it looks for."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from fuzz import kinds
from fuzz.kinds import KINDS
from fuzz.running import Case, try_case

#: Kinds whose cases take no long corpus and no terminal.
CHEAP = ("captures", "scenarios", "lessons", "lines", "arguments")
CASES = 3

# Of a process with threads a fork is safe here: the child leaves by _exit.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made


@pytest.mark.parametrize("case", range(CASES))
@pytest.mark.parametrize("kind", CHEAP)
def test_cases_of_cheap_kinds_are_fine(kind: str, case: int, tmp_path: Path, folder: Path) -> None:
    made = KINDS[kind][1](Random(f"test {kind} {case}"), tmp_path)
    assert not try_case(made, folder)


def test_a_case_is_the_same_for_a_seed_and_comes_back_from_its_file(tmp_path: Path) -> None:
    for kind in CHEAP:
        one, again = (KINDS[kind][1](Random(f"{kind} 1"), tmp_path) for _ in range(2))
        assert one == again == Case.from_json(one.to_json())
    typed = kinds.screen_keys(Random(1), tmp_path)
    assert Case.from_json(typed.to_json()) == typed


PROGRAMS = {
    "a traceback": "def main():\n    raise RuntimeError('x')\n",
    "raw controls": "def main():\n    print('\\x1b]0;PWNED\\x07')\n",
    "files that nobody asked for: left": "def main():\n    open('left', 'w').close()\n",
    "more than 1 s of CPU time": "def main():\n    while True: pass\n",
    "exit code 9": "import sys\ndef main():\n    sys.exit(9)\n",
    "ended by SIGUSR1": "import os\ndef main():\n    os.kill(os.getpid(), 10)\n",
}


@pytest.mark.parametrize("problem", PROGRAMS)
def test_what_is_wrong_is_found(
    problem: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fuzz.running.CPU_SECONDS", 1)
    assert _tried(PROGRAMS[problem], Case((), module="wrong"), folder, monkeypatch).startswith(
        problem
    )


def test_too_much_memory_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "def main():\n    bytearray(600 << 20)\n"
    assert "MemoryError" in _tried(program, Case((), module="wrong"), folder, monkeypatch)


def test_a_program_that_waits_for_ever_is_found_and_not_one_that_is_slow(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time on the wall is that of a busy machine."""
    monkeypatch.setattr("fuzz.running.IDLE_SECONDS", 0.5)
    hangs = "import threading\ndef main():\n    threading.Event().wait()\n"
    assert _tried(hangs, Case((), module="wrong"), folder, monkeypatch).startswith("it did not end")
    works = "import time\ndef main():\n    while time.process_time() < 1: pass\n"
    assert not _tried(works, Case((), module="slow"), folder, monkeypatch)


def test_a_program_that_is_told_to_end_may_end_by_that(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fuzz.running.LEAVE_S", 0.3)
    waits = "import time\ndef main():\n    print('here', flush=True)\n    time.sleep(60)\n"
    asked = Case((), typed=(b"x",), module="wrong")
    assert not _tried(waits, asked, folder, monkeypatch)
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + waits
    assert _tried(deaf, asked, folder, monkeypatch).startswith("it did not end")


def test_controls_of_somebody_on_a_terminal_are_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "def main():\n    print('\\x1b[31mred')\n"
    asked = Case((), typed=(b"x",), module="wrong")
    assert not _tried(own, asked, folder, monkeypatch)
    obeys = "def main():\n    print('\\x1b]0;PWNED\\x07')\n"
    assert _tried(obeys, asked, folder, monkeypatch).startswith("raw controls")


def _tried(program: str, case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is wrong with a case of a program of our own."""
    modules = folder.parent / "modules"
    modules.mkdir(exist_ok=True)
    (modules / f"{case.module}.py").write_text(program)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(modules)
    return try_case(case, folder)
