"""`aclbench synth`: captures of made-up traffic."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli.command import run


def test_a_made_up_capture_replays(tmp_path: Path) -> None:
    """Everything is opened from inside, so a firewall lets all of it pass."""
    made = tmp_path / "made.pcap.gz"
    done = run("synth", "--packets", "900", "--flows", "90", "--seed", "5", str(made))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(f"{made}: 900 packets, 90 flows, ")
    assert len(done.stderr.splitlines()) == 1
    inside = ("--inside", "10.0.0.0/16", "--inside", "fd00:1::/64")
    figures = json.loads(run("replay", "--json", *inside, str(made)).stdout)
    assert figures["packets"]["read"] == figures["packets"]["permitted"] == 900
    assert figures["sessions"]["added"] == 90


def test_a_made_up_capture_on_standard_output(tmp_path: Path) -> None:
    """The same bytes as in a file."""
    path = tmp_path / "made.pcap"
    assert run("synth", "--packets", "50", str(path)).returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "aclbench", "synth", "--packets", "50", "-"],
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, path.read_bytes())
    assert done.stderr.startswith(b"standard output: 50 packets, 5 flows, ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("-",), 1, "standard output is closed: name a FILE"),
        (("",), 2, "an empty argument ('') names no FILE"),
        ((".",), 1, ".: a directory; name a file in it"),
        (("--flows", "0", "made.pcap"), 2, "--flows is 0; give 1 to"),
    ],
)
def test_a_made_up_capture_that_has_no_place_says_so(
    arguments: tuple[str, ...], code: int, says: str
) -> None:
    """One message, no traceback, also where standard output is closed."""
    command = [sys.executable, "-m", "aclbench", "synth", *arguments]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    done = subprocess.run(closed, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_cannot_be_opened_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--force` overwrites; it removes only what it began to write."""
    from aclbench.cli import synth
    from aclbench.errors import CaptureError

    path = tmp_path / "mine.pcap"
    path.write_bytes(b"mine")

    def refuse(*arguments: object) -> None:
        raise CaptureError("cannot be written")

    monkeypatch.setattr("aclbench.capture.writer.PcapWriter", refuse)
    with pytest.raises(CaptureError), synth.output(str(path), force=True):
        pass
    assert path.read_bytes() == b"mine"


def test_the_defaults_of_made_up_captures_are_as_the_help_says(tmp_path: Path) -> None:
    """Said or not, they give the same bytes."""
    help_text = " ".join(run("synth", "--help").stdout.split())
    said: list[str] = []
    for option, value in {
        "--mix": "tcp=70,udp=25,icmp=5",
        "--tcp": "fin=60,rst=10,open=20,half-open=10",
        "--ip6": "20",
        "--order": "random",
        "--gap": "0.001",
        "--idle": "0",
        "--frame-size": "100",
        "--start": "2026-01-01",
        "--seed": "0",
    }.items():
        assert f"[{value}]" in help_text
        said += [option, value]
    both = {
        "--inside": ("10.0.0.0/16", "fd00:1::/64"),
        "--outside": ("192.168.0.0/16", "fd00:2::/64"),
    }
    for option, values in both.items():
        assert f"[{', '.join(values)}]" in help_text
        said += [word for value in values for word in (option, value)]
    paths = [tmp_path / name for name in ("unsaid.pcap", "said.pcap")]
    assert run("synth", str(paths[0])).returncode == 0
    assert run("synth", "--packets", "1000", "--flows", "100", *said, str(paths[1])).returncode == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_made_up_capture_overwrites_nothing_unasked(tmp_path: Path) -> None:
    """Unless it is forced to; one that is not written whole does not stay."""
    path = tmp_path / "made.pcap"
    path.write_bytes(b"mine")
    done = run("synth", str(path))
    assert (done.returncode, path.read_bytes()) == (1, b"mine")
    assert "--force" in done.stderr
    assert run("synth", "--force", str(path)).returncode == 0
    assert path.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Missing argument 'FILE'"),
        (("--mix", "tcp=1,sctp=2", "x.pcap"), "'sctp' is not one of tcp, udp, icmp"),
        (("--gap", "soon", "x.pcap"), "--gap soon: not a number of seconds"),
        (("--packets", "10", "--flows", "20", "x.pcap"), "--flows is 20; give 1 to 10"),
        (("--idle-every", "5", "x.pcap"), "--idle SECONDS"),
        (("x.pcapng",), "name it .pcap"),
    ],
)
def test_traffic_that_cannot_be_made(
    tmp_path: Path, arguments: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong usage, what would be right, and no file."""
    monkeypatch.chdir(tmp_path)
    done = run("synth", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
