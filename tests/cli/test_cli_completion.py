"""What a shell completes: by the protocol that click's scripts speak, and in a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli.command import run


def completed(line: str, shell: str, folder: Path) -> list[str]:
    """What is offered for the last word of a line, typed in a folder."""
    words = line.split(" ")
    asked = {
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1) if shell != "fish" else words[-1],
        "_ACLBENCH_COMPLETE": f"{shell}_complete",
    }
    done = run(folder=folder, environment=os.environ | asked)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_subcommands_and_scenarios_are_completed(shell: str, tmp_path: Path) -> None:
    assert any("replay" in offer for offer in completed("aclbench rep", shell, tmp_path))
    assert any("two-workers" in offer for offer in completed("aclbench tui two", shell, tmp_path))


def test_captures_scenarios_and_files_beside_them_are_completed(tmp_path: Path) -> None:
    (tmp_path / "asked.pcap").touch()
    offers = completed("aclbench replay as", "bash", tmp_path)
    assert offers == ["plain,asymmetric", "plain,asked.pcap"]


def test_designs_are_completed(tmp_path: Path) -> None:
    for option in ("replay --design", "tui --against", "explore --design"):
        assert completed(f"aclbench {option} wh", "bash", tmp_path) == [
            "plain,wheel",
            "plain,wheel-lazy",
        ]


def test_what_has_no_bundled_name_is_left_to_the_shell(tmp_path: Path) -> None:
    assert completed("aclbench replay captures/a", "bash", tmp_path) == ["file,captures/a"]
    assert completed("aclbench replay --exec v", "bash", tmp_path) == ["file,v"]


def test_options_and_their_values_are_completed(tmp_path: Path) -> None:
    assert "plain,--placement" in completed("aclbench replay --pl", "bash", tmp_path)
    assert completed("aclbench replay --placement f", "bash", tmp_path) == ["plain,flow"]


def test_lessons_are_completed_beside_the_commands_of_learn(tmp_path: Path) -> None:
    assert completed("aclbench learn 01", "bash", tmp_path) == ["plain,01-pinhole"]
    assert completed("aclbench learn gr", "bash", tmp_path)[0] == "plain,grade"
    assert completed("aclbench learn export 01", "bash", tmp_path) == ["plain,01-pinhole"]
    assert completed("aclbench learn 3 --re", "bash", tmp_path) == [
        "plain,--restart",
        "plain,--repl",
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(shell: str) -> None:
    done = run("completion", shell)
    assert f"_ACLBENCH_COMPLETE={shell}_complete" in done.stdout


def run_script(script: list[str], folder: Path) -> str:
    """What a shell prints, with the program on its path; it has nothing to complain of."""
    program = folder / "aclbench"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m aclbench "$@"\n')
    program.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        script, capture_output=True, text=True, env=os.environ | {"PATH": path}, timeout=60
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_takes_the_script(tmp_path: Path) -> None:
    script = """
    eval "$(aclbench completion bash)"
    COMP_WORDS=(aclbench explain two) COMP_CWORD=2
    _aclbench_completion aclbench
    echo "${COMPREPLY[@]}"
    """
    assert run_script(["bash", "-c", script], tmp_path) == "two-workers\n"


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
def test_fish_takes_the_script_and_shows_descriptions_whole(tmp_path: Path) -> None:
    script = """
    aclbench completion fish | source
    complete -C 'aclbench explain two'
    complete -C 'aclbench replay --worker'
    """
    names, option = run_script(["fish", "-N", "-c", script], tmp_path).splitlines()
    assert names == "two-workers\ta scenario"
    assert option.endswith("[1, or the scenario's]")


def test_play_completes_what_is_a_game(tmp_path: Path) -> None:
    offers = completed("aclbench play vpp-912", "bash", tmp_path)
    assert {"plain,vpp-912b", "plain,vpp-912c"} <= set(offers)
    assert not any("vpp-912a" in offer for offer in offers)
