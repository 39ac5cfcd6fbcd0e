"""`aclbench repl` as a script runs it: lines given, of a file, on standard input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.command import capture, run

from aclbench import Workbench


def run_lines(lines: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Lines on standard input."""
    return run("repl", *arguments, text=lines)


def test_lines_given_are_run_in_order() -> None:
    """On the bench that the arguments name; only what they print is printed."""
    done = run("repl", "two-workers", "-c", "sh acl-plugin int", "-c", "set int state pg0 up")
    assert (done.returncode, done.stderr) == (0, "")
    expected = Workbench.load(Path(__file__).parents[2] / "scenarios" / "two-workers.toml")
    assert done.stdout == expected.cli("show acl-plugin interface") + "\n"


def test_a_file_that_fails_says_where(tmp_path: Path) -> None:
    """Exit code 1, the line on standard error, and what was printed before it."""
    path = tmp_path / "x.cli"
    path.write_text("# set up\n\nshow acl-plugin ?\nshow acl-plugin nonsense\nshow acl-plugin ?\n")
    done = run("repl", "-f", str(path), "-c", "show acl-plugin ?")
    assert done.returncode == 1
    assert done.stdout.count("list the ACLs") == 1
    assert done.stderr.startswith(f"{path}:4: show acl-plugin: unknown input `nonsense'\n")
    assert "unknown word 'nonsense'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_file_comes_before_the_lines(tmp_path: Path) -> None:
    """It sets up what they ask about."""
    path = tmp_path / "x.cli"
    path.write_text("set acl-plugin acl permit src 0.0.0.0/0 dst 0.0.0.0/0 tag all")
    done = run("repl", "-c", "show acl-plugin acl", "-f", str(path))
    assert done.stdout.splitlines()[:2] == ["ACL index:0", "acl-index 0 count 1 tag {all}"]


def test_standard_input_is_run_without_prompt_or_echo() -> None:
    """A failing line is named by its number there."""
    done = run_lines("create packet-generator interface pg0\r\n\nhelp exit\nexit\nnonsense\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("exit\n")
    failed = run_lines("# x\nset interface state pg0 up\n")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("standard input:2: ")
    assert run_lines("foo", "-f", "-", "-c", "bar").stderr.startswith("standard input:1: ")
    assert run("repl", "-c", "help", "-c", "foo").stderr.startswith("-c 2: unknown word 'foo'")


def test_json_is_a_document_a_line() -> None:
    """For programs."""
    lines = "show acl-plugin acl\nshow acl-plugin interface\nshow acl-plugin sessions\nbranches\n"
    done = run_lines(lines, "--json", "aging")
    acls, interfaces, sessions, branches = map(json.loads, done.stdout.splitlines())
    assert acls["acls"][0]["rules"]
    assert [i["name"] for i in interfaces["interfaces"]] == ["local0", "pg0", "pg1"]
    assert sessions["total"]["live"] == 0
    assert branches["text"].startswith("* main")


def test_a_saved_run_goes_on(tmp_path: Path) -> None:
    """Where it was saved, with what was typed."""
    path = str(tmp_path / "x.run")
    made = run("repl", "-c", "create packet-generator interface pg5", "-c", f"save {path}")
    assert made.stdout == f"saved {path}\n"
    done = run("repl", path, "-c", "set interface state pg5 up", "-c", "branches")
    assert (done.returncode, done.stdout[:6]) == (0, "* main")


def test_on_real_threads() -> None:
    """Commands run; what needs a history is refused as in Python."""
    done = run("repl", "--threads", "--workers", "2", "-c", "sh acl sess", "-c", "back")
    assert done.returncode == 1
    assert "Worker #2:" in done.stdout
    assert done.stderr.startswith("-c 2: this bench runs on real threads")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("-f", ""), 2, "names no file"),
        (("-f", "not-there"), 1, "No such file"),
        (("-f", "/dev/zero"), 1, "a device; a file or a pipe is right"),
        (("--exec", "/dev/zero"), 1, "a device; a file or a pipe is right"),
        (("--inside", "10.0.0.0/8", "-c", "help"), 2, "name a capture"),
        (("--threads", "x.run", "-c", "help"), 2, "leave --threads"),
        (("-", "-f", "-"), 2, "use -c or -f"),
        (("nonexistent.pcap", "-c", "help"), 1, "nonexistent.pcap"),
        (("--threads", "--workers", "0", "-c", "help"), 1, "at least one worker"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], code: int, says: str) -> None:
    """One message, never a traceback."""
    done = run("repl", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_capture_alone_sets_up_the_bench() -> None:
    """As for `aclbench replay`."""
    done = run("repl", capture("http"), "-c", "show acl-plugin interface")
    assert "input acl(s): 0" in done.stdout


def test_startup_is_lazy() -> None:
    """Lines from elsewhere need no prompt, and help needs no bench."""
    code = (
        "import sys; sys.argv = ['aclbench', 'repl', '--help']\n"
        "from aclbench.cli import commands\n"
        "assert commands.cli.main(standalone_mode=False) == 0\n"
        "assert not {'numpy', 'prompt_toolkit', 'rich', 'textual'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=os.environ
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_show_has_values_for_programs() -> None:
    """Not only its text."""
    commands = (
        *("acl-plugin acl", "acl-plugin interface", "acl-plugin sessions", "interface"),
        *("interface rx-placement", "ip fib", "ip6 fib", "threads", "errors", "version", "clock"),
        *("trace", "packet-generator"),
    )
    lines = [part for name in commands for part in ("-c", f"show {name}")]
    done = run(
        "repl", "--json", *lines, "-c", "explain pg0 udp 10.0.0.2:1 > 192.168.0.2:2", "aging"
    )
    assert (done.returncode, done.stderr) == (0, "")
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(documents) == len(commands) + 1
    assert all(isinstance(each, dict) and "text" not in each for each in documents)
    assert documents[5]["routes"][0].keys() == {"prefix", "leads_to"}
