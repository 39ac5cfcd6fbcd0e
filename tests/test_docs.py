"""The documents say what is so."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
from cli.command import run

from aclbench.cli.commands import cli
from aclbench.cli.learn.group import OPEN, LessonGroup
from aclbench.designs import design_named
from aclbench.designs.exhibits import NAMES, exhibit_named
from aclbench.lab.explore.bundled import find_explored
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
    finds = words[1] == "explore" and len(words) > 2
    wants_terminal = words[1] in ("tui", "play") or (words[1] == "learn" and len(words) > 2)
    done = run(*words[1:], text="show version\n", folder=tmp_path)
    if wants_terminal:
        assert "terminal" in done.stderr
    else:
        assert (done.returncode, done.stderr) == (int(finds), "")


def as_typed(words: list[str]) -> click.Context:
    """A command line as click takes it, down to its last subcommand; nothing is run."""
    name: str | None = "aclbench"
    command: click.Command | None = cli
    while isinstance(command, click.Group):
        if isinstance(command, LessonGroup) and words[0] not in command.commands:
            words = [OPEN, *words]
        name, command, words = command.resolve_command(click.Context(command), words)
    assert name is not None
    assert command is not None
    return command.make_context(name, words)


@pytest.mark.parametrize("document", sorted(DOCS.glob("*.md")), ids=lambda p: p.name)
def test_commands_of_the_documents_can_be_typed(document: Path) -> None:
    """Commands, options, their values, and the names of what is bundled are right."""
    for line in shell_lines(document):
        words = shlex.split(line.split(" | ")[0])[1:]
        if not words[1:] and words[0] in ("learn", "museum"):
            continue
        given = as_typed(words).params
        designs = [given.get("design"), given.get("against")]
        designs += [value[len("design=") :] for value in given.get("vary") or ()]
        for name in ",".join(filter(None, designs)).split(","):
            if re.fullmatch(r"[a-z][a-z0-9.-]*", name) and name not in ("all", "timeout"):
                design_named(name)
        if words[0] == "museum" or given.get("exhibit"):
            exhibit_named(given.get("exhibit") or given["name"])
        elif words[0] in ("explore", "play"):
            named = given.get("scenario") or given.get("name")
            assert named in {None, *NAMES} or find_explored(named)


def test_targets_of_make_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.M))
    for document in [*TOP.glob("*.md"), *DOCS.glob("*.md")]:
        named = re.findall(r"(?:^    |`)make ([a-z][a-z-]*)", document.read_text(), re.M)
        assert set(named) <= targets, document.name


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
