"""The documents say what is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from aclbench.tutor.expressions import read_expression
from aclbench.workbench.commands.reference import with_reference

TOP = Path(__file__).parent.parent


def test_readme_lists_the_commands_there_are() -> None:
    """Its table is made from the command table; `make docs` makes it anew."""
    text = (TOP / "README.md").read_text()
    assert with_reference(text) == text


def test_readme_has_expressions_that_can_be_read() -> None:
    """Those that show what a lesson's conditions are like."""
    text = (TOP / "README.md").read_text()
    shown = text.split("are checked as the file is read:\n\n")[1].split("\n\n")[0].splitlines()
    assert len(shown) > 3
    for line in shown:
        read_expression(line.strip())


def test_fidelity_names_functions_that_exist() -> None:
    """Every `engine/file.py` row names functions or classes of that file."""
    rows = re.findall(r"^\| `engine/(\w+\.py)` ([^|]+) \|", (TOP / "FIDELITY.md").read_text(), re.M)
    assert rows
    for file, cell in rows:
        tree = ast.parse((TOP / "aclbench" / "engine" / file).read_text())
        there = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        named = set(re.findall(r"`(\w+)`", cell))
        assert named <= there, f"{file}: {named - there}"
