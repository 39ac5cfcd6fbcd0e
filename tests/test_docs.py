"""The documents say what is so."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
from pathlib import Path

import pytest
from cli.command import run

from aclbench.tutor.vocabulary import read_condition
from aclbench.workbench.commands.reference import with_reference

TOP = Path(__file__).parent.parent
DOCS = TOP / "docs"
README_LINES = 160


def shell_lines(document: Path) -> list[str]:
    """The indented lines of a document that call `aclbench`, without their comments."""
    text = document.read_text()
    return [line.split(" #")[0].strip() for line in re.findall(r"^    (aclbench .*)$", text, re.M)]


def test_readme_can_be_read_in_a_few_minutes() -> None:
    assert len((TOP / "README.md").read_text().splitlines()) < README_LINES


def test_the_table_of_commands_has_the_commands_there_are() -> None:
    """It is made from the command table; `make docs` makes it anew."""
    text = (DOCS / "commands.md").read_text()
    assert with_reference(text) == text


def test_every_document_is_in_the_table_of_contents() -> None:
    contents = (DOCS / "README.md").read_text()
    for path in DOCS.glob("*.md"):
        assert path.name == "README.md" or f"]({path.name})" in contents


@pytest.mark.parametrize(
    "document", [*sorted(TOP.glob("*.md")), *sorted(DOCS.glob("*.md"))], ids=lambda p: p.name
)
def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
        assert (document.parent / link).exists(), link


@pytest.mark.parametrize("line", shell_lines(TOP / "README.md"))
def test_commands_of_the_readme_work(line: str, tmp_path: Path) -> None:
    """The screen and lessons want a terminal; all that comes before that is in order."""
    (tmp_path / "pcaps").symlink_to(TOP / "pcaps")
    shutil.copy(TOP / "pcaps" / "http.pcap", tmp_path / "capture.pcap")
    words = shlex.split(line)
    wants_terminal = words[1] in ("tui", "play") or (words[1] == "learn" and len(words) > 2)
    done = run(*words[1:], text="show version\n", folder=tmp_path)
    if wants_terminal:
        assert "terminal" in done.stderr
    else:
        assert (done.returncode, done.stderr) == (0, "")


def test_lessons_are_shown_expressions_that_can_be_read() -> None:
    """Those that show what a lesson's conditions are like."""
    text = (DOCS / "lessons.md").read_text()
    shown = text.split("are checked as the file is read:\n\n")[1].split("\n\n")[0].splitlines()
    assert len(shown) > 3
    for line in shown:
        read_condition(line.strip())


def test_fidelity_names_functions_that_exist() -> None:
    """Every `engine/file.py` row names functions or classes of that file."""
    rows = re.findall(r"^\| `engine/(\w+\.py)` ([^|]+) \|", (TOP / "FIDELITY.md").read_text(), re.M)
    assert rows
    for file, cell in rows:
        tree = ast.parse((TOP / "aclbench" / "engine" / file).read_text())
        there = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        named = set(re.findall(r"`(\w+)`", cell))
        assert named <= there, f"{file}: {named - there}"
