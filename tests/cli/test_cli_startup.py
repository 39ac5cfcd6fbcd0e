"""What the command loads: a start is felt, so a command loads what it needs and no more."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from aclbench.cli.commands import SUBCOMMANDS, cli

#: What neither help nor a replay without options needs.
NEVER = {
    *("prompt_toolkit", "rich", "scapy", "textual", "tomllib", "json", "hashlib", "difflib"),
    *("aclbench.cli.explain", "aclbench.cli.learn", "aclbench.cli.records", "aclbench.cli.repl"),
    *("aclbench.cli.synth", "aclbench.cli.tui", "aclbench.repl", "aclbench.tui", "aclbench.tutor"),
    *("aclbench.workbench.commands.table", "aclbench.workbench.filters", "aclbench.capture.synth"),
    *("aclbench.workbench.inquiry.explain", "aclbench.workbench.inquiry.stories"),
    *("aclbench.workbench.views.snapshot", "aclbench.workbench.history.runfile"),
    *("aclbench.capture.traffic", "aclbench.capture.writer", "aclbench.capture.compose"),
}


def imported(*program: str) -> set[str]:
    """The modules that Python imports for a program, in a process of its own."""
    command = [sys.executable, "-X", "importtime", *program]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def loaded(*arguments: str) -> set[str]:
    """The modules that the command loads."""
    found = imported("-m", "aclbench", *arguments)
    assert "aclbench.cli.commands" in found
    return found


@pytest.fixture(scope="module")
def theirs() -> set[str]:
    """What libraries load of their own accord: the older they are, the more."""
    return imported("-c", "import msgspec, numpy")


def test_help_loads_no_subcommand_and_no_library_but_click() -> None:
    heavy = {"numpy", "msgspec", "dataclasses", "aclbench.workbench", "random"}
    assert not loaded("--help") & (NEVER | heavy)


@pytest.mark.parametrize("capture", ["dns-ping", "http"])
def test_a_replay_loads_what_it_needs(capture: str, theirs: set[str]) -> None:
    """The guess of the inside included."""
    found = loaded("replay", capture)
    assert "aclbench.capture.guess" in found
    assert not (found - theirs) & NEVER


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_help_says_of_a_subcommand_what_it_says_of_itself(name: str) -> None:
    """It is not loaded for that."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.get_short_help_str(limit=200) == SUBCOMMANDS[name]
    assert command.name == name


def test_what_is_no_subcommand_is_refused() -> None:
    """Also where it is the name of a module beside them."""
    assert cli.get_command(click.Context(cli), "output") is None
