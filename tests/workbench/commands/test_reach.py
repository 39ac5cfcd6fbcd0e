"""What the lines of a file may do: change the bench that they make, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from aclbench import AclbenchError, Workbench
from aclbench.documents import to_json
from aclbench.workbench.commands.table import make_command_table
from aclbench.workbench.rig.inputs import Cli

SCENARIO = """
cli = [{cli}]
[[interface]]
name = "pg0"
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
[[at]]
time = "1"
cli = [{at}]
"""
#: A line of each command that reaches further than a bench.
OUTSIDE = {
    "exec <word:file>": "exec more.cli",
    "save <file> {with-captures|force}": "save there.run",
    "load <file>": "load itself.toml",
    "reset": "reset",
    "quit": "quit",
    "exit": "exit",
}


def test_what_reaches_outside_is_known() -> None:
    """Whoever adds a command that reads or writes a file, leaves or begins anew says so."""
    table = make_command_table()
    outside = [command for command in table.commands if command.reach == "outside"]
    assert {command.syntax for command in outside} == {*OUTSIDE}
    assert all("file" not in c.syntax for c in table.commands if c not in outside)
    # A run's journal has commands that change the bench.
    assert not any(command.changes for command in outside)
    assert [c.syntax for c in table.commands if c.reach == "captures"] == [
        "packet-generator new <stream>"
    ]


@pytest.mark.parametrize("line", OUTSIDE.values())
def test_no_file_has_it_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.run").write_text("mine")
    word = line.split()[0]
    says = f"{word} is not for a scenario's lines: they change the bench"
    scenario = Path("itself.toml")
    scenario.write_text(SCENARIO.format(cli=f'"{line}"', at=""))
    with pytest.raises(AclbenchError, match=rf"itself.toml: cli, line 1: {line}: {says}"):
        Workbench.load(scenario)
    scenario.write_text(SCENARIO.format(cli="", at=f'"{line}"'))
    with pytest.raises(AclbenchError, match=rf"itself.toml: at 1: {line}: this changes nothing"):
        Workbench.load(scenario)
    scenario.write_text(SCENARIO.format(cli="", at=""))
    Workbench.load(scenario).save("run.run")
    with Path("run.run").open("a") as run:
        run.write(to_json(Cli(line)) + "\n")
    with pytest.raises(AclbenchError, match=r"run.run: line \d+: this changes nothing"):
        Workbench.load("run.run")
    header, *rows = Path("run.run").read_text().splitlines()
    Path("run.run").write_text("\n".join([header.replace('"cli":[]', f'"cli":["{line}"]'), *rows]))
    with pytest.raises(AclbenchError, match=f"run.run: line 1: .*{says}"):
        Workbench.load("run.run")
    assert Path("there.run").read_text() == "mine"


def test_a_person_may_have_a_file_run_what_they_may_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.cli").write_text("create packet-generator interface pg0\nsave a.run\nload a.run\n")
    bench = Workbench()
    bench.cli("exec mine.cli")
    assert Path("a.run").exists()
