"""What anybody wrote is seen on a terminal, and not obeyed, wherever it is shown."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from cli.command import capture
from pseudoterminal import Terminal
from repl.test_terminal import CTRL_D, READY

#: Behind each character that a terminal would obey, so that it is known wherever it comes out.
MARK = "\N{SECTION SIGN}"
#: ESC, BEL, BS, VT, CR, DEL; CSI, OSC and NEL of C1; what reorders, parts or hides text.
OBEYED = "\x1b\x07\x08\x0b\r\x7f\x9b\x9d\x85\u202e\u2069\u2028\u2029\u200b\ufeff\U000e0041"
TEXT = "".join(f"{char}{MARK}" for char in OBEYED)
#: What of it can stand in a word of a line.
WORD = "".join(f"{char}{MARK}" for char in OBEYED if not char.isspace())
SCENARIO = """
title = "{text}"
text = "{text}"
workers = 1
captures = ["{capture}"]
cli = [
  "set acl-plugin acl permit+reflect src 0.0.0.0/0 dst 0.0.0.0/0 tag {word}",
  "set acl-plugin interface pg0 input acl 0",
]
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
addresses = ["192.168.0.1/24"]
"""
LESSON = """
title = "A lesson"
aim = "Something."
know = ["{entities}"]
minutes = 5
source = ["aclbench.engine.sessions:Sessions.add_session"]
scenario = "two-workers"
[[steps]]
kind = "read"
text = '''
{entities} [a link](http://localhost/)
'''
"""


class Wide(Terminal):
    columns = 250

    def __init__(self, command: str, folder: Path, *arguments: str) -> None:
        super().__init__(folder / "state", command, *arguments)

    def obeyed(self) -> list[str]:
        """The characters that came out raw."""
        text = self.painted.decode(errors="replace")
        return sorted(set(re.findall(f"([{OBEYED}]){MARK}", text)))


@contextmanager
def running(command: str, folder: Path, *arguments: str) -> Iterator[Wide]:
    """A command in a terminal; behind the block it has painted all that was marked, and obeyed."""
    with closing(Wide(command, folder, *arguments)) as terminal:
        yield terminal
        assert terminal.painted.decode(errors="replace").count(MARK) >= len(OBEYED) // 2
        assert terminal.obeyed() == []


def in_toml(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in text)


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A scenario whose title, text, tag and name are of that kind; its name is no UTF-8."""
    (tmp_path / "files").mkdir()
    path = tmp_path / "files" / f"{TEXT}{os.fsdecode(bytes([0xE9]))}.toml"
    path.write_text(
        SCENARIO.format(text=in_toml(TEXT), word=in_toml(WORD), capture=capture("http"))
    )
    return path


def test_commands_and_their_errors(tmp_path: Path, scenario: Path) -> None:
    shutil.copy(capture("http"), scenario.with_suffix(".pcap"))
    for command, *arguments in (
        ("replay", str(scenario.with_suffix(".missing"))),
        ("replay", "http", "--inside", TEXT),
        ("explain", f"--{TEXT}"),
        ("repl", str(scenario), "--json", "-c", "show acl-plugin acl"),
        ("repl", "-c", f"show {WORD}"),
        ("learn", "check", TEXT),
        ("learn", "grade", str(scenario)),
    ):
        with running(command, tmp_path, *arguments) as terminal:
            terminal.leave()


def test_the_prompt(tmp_path: Path, scenario: Path) -> None:
    """Title, outputs, completed names, what is typed, errors, and what is recalled."""
    with running("repl", tmp_path, str(scenario)) as terminal:
        terminal.see(READY)
        terminal.type("show acl-plugin acl\r")
        terminal.see("tag {")
        terminal.see(READY)
        terminal.type(f"load {tmp_path}/files/\t")
        terminal.see(f"\N{REPLACEMENT CHARACTER}{MARK}")
        terminal.type("\r")
        terminal.see(READY)
        terminal.type(f"show \x1b[200~{WORD}\x1b[201~\r")
        terminal.see("error: ")
        terminal.see(READY)
        terminal.type("sho")
        terminal.see("w ")
        terminal.type("\x03")
        terminal.see(READY)
        terminal.type(CTRL_D)
        assert terminal.leave() == 0


def test_a_lesson(tmp_path: Path) -> None:
    """Entities of Markdown are characters, too; no link is hidden in what a terminal obeys."""
    entities = "".join(f"&#x{ord(char):x};{MARK}" for char in OBEYED)
    path = tmp_path / "lesson.toml"
    path.write_text(LESSON.format(entities=entities))
    with running("learn", tmp_path, "open", str(path), "--repl") as terminal:
        terminal.see("localhost")
        terminal.see(READY)
        terminal.type(CTRL_D)
        assert terminal.leave() == 0
        assert b"\x1b]" not in terminal.painted
    for form in ("--html", "--answers"):
        with running("learn", tmp_path, "export", str(path), form) as terminal:
            assert terminal.leave() == 0


def test_the_screen(tmp_path: Path, scenario: Path) -> None:
    """Title, outputs, errors, completed names, what is pasted, and what was opened lately."""
    with running("tui", tmp_path, "--paused", str(scenario)) as terminal:
        terminal.see("paused")
        terminal.type(":")
        terminal.see("a command")
        terminal.type("show acl-plugin acl\r")
        terminal.see("tag {")
        terminal.type(f"show \x1b[200~{WORD}\x1b[201~\r")
        terminal.see("error: ")
        terminal.type(f"load {tmp_path}/files/\t")
        terminal.see(f"\N{REPLACEMENT CHARACTER}{MARK}")
        terminal.type("\x1b")
        terminal.see("Play")  # in the footer, which had the keys of the command line
        terminal.type("\x0f")
        terminal.see("opened lately")
