"""The command `aclbench` as a person or a script runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from aclbench.workbench.bundled import bundled_files

CAPTURES = bundled_files("pcaps")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, as from a shell."""
    return subprocess.run(
        [sys.executable, "-m", "aclbench", *arguments], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_the_figures_of_a_bundled_capture_balance(capture: Path) -> None:
    """Each packet once, by its fate; added less deleted is live; reasons add up."""
    done = run("replay", "--json", "--workers", "2", str(capture))
    assert (done.returncode, done.stderr) == (0, "")
    figures = json.loads(done.stdout)
    packets, sessions = figures["packets"], figures["sessions"]
    fates = ("permitted", "denied", "dropped", "unchecked", "not_ip", "malformed")
    assert packets["read"] == sum(packets[fate] for fate in fates) > 0
    assert packets["read"] == sum(figures["reasons"].values())
    assert sessions["added"] - sessions["deleted"] == sessions["live"]
    assert sum(sessions["by_class"].values()) == sessions["live"]
    assert sum(w["deleted"] for w in figures["workers"]) == (
        sessions["deleted"] - sessions["recycled"]
    )
    assert figures["error"] is None


@pytest.mark.parametrize("scenario", bundled_files("scenarios"), ids=lambda path: path.stem)
def test_a_bundled_scenario_replays_by_its_name(scenario: Path) -> None:
    """`aclbench replay NAME` prints a summary."""
    done = run("replay", scenario.stem)
    assert (done.returncode, done.stderr) == (0, "")
    assert "packets in" in done.stdout


def test_a_capture_alone_says_what_was_assumed() -> None:
    """Which side is inside, and the ACLs."""
    done = run("replay", str(CAPTURES[0]))
    assert "assumed inside" in done.stdout
    asked = run("replay", "--inside", "192.168.0.0/24", str(CAPTURES[0]))
    assert "as asked" in asked.stdout


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"not a capture, but a text that someone named so", "not a capture"),
        (b"\xd4\xc3\xb2\xa1\x02\0", "offset"),
    ],
    ids=["empty", "text", "header cut"],
)
def test_a_file_that_is_no_capture(tmp_path: Path, content: bytes, says: str) -> None:
    """One message that names the file; exit code 1; never a traceback."""
    path = tmp_path / "x.pcap"
    path.write_bytes(content)
    done = run("replay", str(path))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(path) in done.stderr
    assert says in done.stderr


def test_what_was_read_before_the_damage_is_reported(tmp_path: Path) -> None:
    """A truncated file gives its whole packets, then the offset, and exit code 1."""
    whole = CAPTURES[0].read_bytes()
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole[:-7])
    done = run("replay", "--json", str(path))
    assert done.returncode == 1
    assert "offset" in done.stderr
    figures = json.loads(done.stdout)
    assert "offset" in figures["error"]
    full = json.loads(run("replay", "--json", str(CAPTURES[0])).stdout)
    assert figures["packets"]["read"] == full["packets"]["read"] - 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("replay",), 2, "Missing argument"),
        (("replay", "no-such-thing"), 1, "none that is bundled"),
        (("replay", "--workers", "many", "x.pcap"), 2, "--workers"),
        (("replay", "--placement", "random", "x.pcap"), 2, "--placement"),
        (("replay", "--inside", "nonsense", str(CAPTURES[0])), 2, "nonsense"),
        (("replay", "/"), 1, "directory"),
        (("tui",), 1, "needs a terminal"),
        (("bogus",), 2, "bogus"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], code: int, says: str) -> None:
    """2 for usage, 1 for what cannot be done, and always why."""
    done = run(*arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_help_needs_nothing_heavy() -> None:
    """`aclbench --help` imports neither NumPy nor Textual nor scapy."""
    code = (
        "import sys; sys.argv = ['aclbench', '--help']\n"
        "from aclbench.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'textual', 'scapy', 'rich', 'prompt_toolkit'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
