"""What anybody wrote is seen on a terminal, and not obeyed, wherever it is shown."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import pytest
from capture.containers import enhanced, interface, option, section
from capture.frames import ethernet, ip4, udp
from cli.command import capture
from pseudoterminal import Terminal
from repl.test_terminal import CTRL_D, READY
from tutor.learner import work_through

from aclbench.tutor.shelf import find_lesson
from aclbench.tutor.submission import submission_of, write_submission

#: Behind each character that a terminal would obey, so that it is known wherever it comes out.
MARK = "\N{SECTION SIGN}"
#: ESC, BEL, BS, VT, CR, DEL; CSI, OSC and NEL of C1; what reorders, parts or hides text.
OBEYED = "\x1b\x07\x08\x0b\r\x7f\x9b\x9d\x85\u202e\u2069\u2028\u2029\u200b\ufeff\U000e0041"
#: Controls, formats, separators of lines, what is private or unassigned.
CATEGORIES = ("Cc", "Cf", "Zl", "Zp", "Co", "Cn")
#: What the program itself has a terminal do.
LINES = "\t\n\r"
#: How many draws there are of texts of any such characters.
DRAWS = 1


@dataclass(frozen=True)
class Hostile:
    """A text of what nobody should see raw, each with its mark."""

    characters: str

    @property
    def text(self) -> str:
        return "".join(f"{char}{MARK}" for char in self.characters)

    @property
    def word(self) -> str:
        """What of it can stand in a word of a line."""
        return "".join(f"{char}{MARK}" for char in self.characters if not char.isspace())

    @property
    def name(self) -> str:
        """Of a file: with a byte that is no UTF-8, which is CSI in Latin-1."""
        return f"{self.text}\udc9b{MARK}"


@cache
def of_category(category: str) -> str:
    """All its characters but those of lines, and the one that ends a name."""
    found = (
        chr(code) for code in range(1, 0x110000) if unicodedata.category(chr(code)) == category
    )
    return "".join(char for char in found if char not in LINES)


@pytest.fixture(params=range(DRAWS + 1))
def hostile(request: pytest.FixtureRequest) -> Hostile:
    """The usual characters, or any."""
    if not request.param:
        return Hostile(OBEYED)
    chance = Random(request.param)
    return Hostile("".join(chance.choice(of_category(chance.choice(CATEGORIES))) for _ in OBEYED))


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

    def obeyed(self, hostile: Hostile) -> list[str]:
        """The characters that came out raw."""
        text = self.painted.decode(errors="surrogateescape")
        before = set(re.findall(f"(.){MARK}", text, re.DOTALL))
        return sorted(before & {*hostile.characters, "\udc9b"})


@contextmanager
def running(hostile: Hostile, command: str, folder: Path, *arguments: str) -> Iterator[Wide]:
    """A command in a terminal; behind the block it has painted all that was marked, and obeyed."""
    with closing(Wide(command, folder, *arguments)) as terminal:
        yield terminal
        assert terminal.painted.decode(errors="replace").count(MARK) >= len(OBEYED) // 2
        assert terminal.obeyed(hostile) == []


def in_toml(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in text)


@pytest.fixture
def scenario(tmp_path: Path, hostile: Hostile) -> Path:
    """A scenario whose title, text, tag and name are of that kind."""
    (tmp_path / "files").mkdir()
    path = tmp_path / "files" / f"{hostile.name}.toml"
    path.write_text(
        SCENARIO.format(
            text=in_toml(hostile.text), word=in_toml(hostile.word), capture=capture("http")
        )
    )
    return path


def test_commands_and_their_errors(tmp_path: Path, hostile: Hostile, scenario: Path) -> None:
    shutil.copy(capture("http"), scenario.with_suffix(".pcap"))
    for command, *arguments in (
        ("replay", str(scenario.with_suffix(".missing"))),
        ("replay", "http", "--inside", hostile.name),
        ("explain", f"--{hostile.name}"),
        ("repl", str(scenario), "--json", "-c", "show acl-plugin acl"),
        ("repl", "-c", f"show {hostile.word}"),
        ("learn", "check", hostile.name),
        ("learn", "grade", str(scenario)),
    ):
        with running(hostile, command, tmp_path, *arguments) as terminal:
            terminal.leave()


def test_what_a_capture_says_of_itself(tmp_path: Path, hostile: Hostile) -> None:
    """Names of interfaces are told, comments are passed over; a file has any name."""
    path = tmp_path / f"{hostile.name}.pcapng"
    said = option(2, hostile.text.encode()) + option(1, hostile.text.encode())
    path.write_bytes(
        section() + interface(1, said) + enhanced(10**15, ethernet(ip4(udp(), 17), 0x800))
    )
    with running(
        hostile, "replay", tmp_path, str(path), "--inside-interface", hostile.word
    ) as terminal:
        terminal.see("the capture has ")
        terminal.leave()


def test_a_submission(tmp_path: Path, hostile: Hostile) -> None:
    """That somebody made by hand: the name in it is none, and quoted."""
    path = tmp_path / "submission.json"
    write_submission(submission_of(work_through(find_lesson("1")), "Ada"), path)
    handed_in = json.loads(path.read_text())
    path.write_text(json.dumps(handed_in | {"name": hostile.text}))
    for form in ((), ("--csv",), ("--json",)):
        with running(hostile, "learn", tmp_path, "grade", *form, str(path)) as terminal:
            terminal.leave()


def test_the_prompt(tmp_path: Path, hostile: Hostile, scenario: Path) -> None:
    """Title, outputs, completed names, what is typed, errors, and what is recalled."""
    with running(hostile, "repl", tmp_path, str(scenario)) as terminal:
        terminal.see(READY)
        terminal.type("show acl-plugin acl\r")
        terminal.see("tag {")
        terminal.see(READY)
        terminal.type(f"load {tmp_path}/files/\t")
        terminal.see(f"\N{REPLACEMENT CHARACTER}{MARK}")
        terminal.type("\r")
        terminal.see(READY)
        terminal.type(f"show \x1b[200~{hostile.word}\x1b[201~\r")
        terminal.see("error: ")
        terminal.see(READY)
        terminal.type("sho")
        terminal.see("w ")
        terminal.type("\x03")
        terminal.see(READY)
        terminal.type(CTRL_D)
        assert terminal.leave() == 0


def test_a_lesson(tmp_path: Path, hostile: Hostile) -> None:
    """Entities of Markdown are characters, too; no link is hidden in what a terminal obeys."""
    entities = "".join(f"&#x{ord(char):x};{MARK}" for char in hostile.characters)
    path = tmp_path / "lesson.toml"
    path.write_text(LESSON.format(entities=entities))
    with running(hostile, "learn", tmp_path, "open", str(path), "--repl") as terminal:
        terminal.see("localhost")
        terminal.see(READY)
        terminal.type(CTRL_D)
        assert terminal.leave() == 0
        assert b"\x1b]" not in terminal.painted
    for form in ("--html", "--answers"):
        with running(hostile, "learn", tmp_path, "export", str(path), form) as terminal:
            assert terminal.leave() == 0
        out = tmp_path / f"handout{form}"
        with closing(
            Wide("learn", tmp_path, "export", str(path), form, "-o", str(out))
        ) as terminal:
            assert terminal.leave() == 0
        assert not [char for char in hostile.characters if f"{char}{MARK}" in out.read_text()]


def test_the_screen(tmp_path: Path, hostile: Hostile, scenario: Path) -> None:
    """Title, outputs, errors, completed names, what is pasted, and what was opened lately."""
    with running(hostile, "tui", tmp_path, "--paused", str(scenario)) as terminal:
        terminal.see("paused")
        terminal.type(":")
        terminal.see("a command")
        terminal.type("show acl-plugin acl\r")
        terminal.see("tag {")
        terminal.type(f"show \x1b[200~{hostile.word}\x1b[201~\r")
        terminal.see("error: ")
        terminal.type(f"load {tmp_path}/files/\t")
        terminal.see(f"\N{REPLACEMENT CHARACTER}{MARK}")
        terminal.type("\x1b")
        terminal.see("Play")  # in the footer, which had the keys of the command line
        terminal.type("\x0f")
        terminal.see("opened lately")
