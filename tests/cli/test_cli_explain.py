"""`aclbench explain` as a person or a script runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.command import capture, run
from routed import ROUTED

CASES = Path(__file__).parents[1] / "cases"
VPP_LINES = (
    *ROUTED,
    "set acl-plugin acl permit+reflect proto 6 dport 443",
    "set acl-plugin interface pg0 input acl 0",
)


def test_a_packet_that_passed() -> None:
    """What was read, the session it hit, where it left; in lines that fit."""
    done = run("explain", capture("http"), "5")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("packet 5: permitted, acl-plugin-in-ip4-fa: existing session 0")
    for words in ("TCP flags: ACK", "hits session 0 of vpp_wk_0", "leads to pg1", "guessed inside"):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_real_drop_whose_session_had_expired() -> None:
    """The session it would have hit, how long before it went, and why."""
    done = run("explain", capture("long-gaps"), "121")
    said = " ".join(done.stdout.split())
    assert done.returncode == 0
    assert "expired 1532.553179526 s earlier" in said
    assert "tcp_idle expires after 86400 s" in said


def test_a_later_fragment() -> None:
    """It misses the session of its datagram; with what would let it pass."""
    done = run("explain", str(CASES / "a12-fragmented-reply.pcap"), "3")
    said = " ".join(done.stdout.split())
    assert said.startswith("packet 3: denied: a later fragment has no ports, and so misses the ses")
    for words in ("packet 2", "permit src 203.0.113.53/32 dst 198.51.100.10/32 proto 17", "tried"):
        assert words in said


def test_the_bench_of_vpp_lines(tmp_path: Path) -> None:
    """One line from the shell: the rule that failed on one field only."""
    lines = tmp_path / "vpp.conf"
    lines.write_text("\n".join(VPP_LINES))
    done = run("explain", "--exec", str(lines), "--json", capture("http"), "3")
    explanation = json.loads(done.stdout)
    assert explanation["packet"] == "3"
    assert explanation["verdict"]["fate"] == "denied"
    assert [part["part"] for part in explanation["path"]] == ["acl node"]
    tried = explanation["path"][0]["tried"][0]
    assert (tried["field"], tried["found"], tried["wanted"]) == ("dport", "80", "443")
    assert explanation["causes"][0]["kind"] == "near rule"


def test_a_scenario_and_several_captures() -> None:
    """A packet is named by its file where there are several."""
    assert run("explain", "aging", "7").returncode == 0
    both = (capture("http"), capture("dns-ping"))
    done = run("explain", *both, "dns-ping.pcap:3")
    assert (done.returncode, done.stdout[:22]) == (0, "packet dns-ping.pcap:3")
    assert run("explain", *both, "2:3").stdout == done.stdout
    which = run("explain", *both, "3")
    assert which.returncode == 1
    assert "http.pcap:3 or dns-ping.pcap:3" in which.stderr


def test_all_that_did_not_pass_and_one_connection() -> None:
    """Each in one command; as JSON too."""
    done = run("explain", "--all", capture("refused"))
    assert "packets did not pass, for" in done.stdout
    groups = json.loads(run("explain", "--all", "--json", capture("refused")).stdout)
    assert groups["packets"] == sum(group["packets"] for group in groups["groups"])
    done = run("explain", "--conn", "3", capture("refused"))
    assert done.stdout.startswith("connection 3: 10.0.0.4:37165 > 192.168.0.2:81 tcp\n  2 packets")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((capture("http"), "7777"), 1, "the capture has 70 packets"),
        ((capture("http"), "0"), 1, "counted from 1"),
        ((capture("http"), "other.pcap:1"), 1, "no capture is called other.pcap"),
        ((capture("http"),), 2, "and a packet"),
        ((capture("http"), "five"), 2, "not a packet"),
        (("--all", "--conn", "1", capture("http")), 2, "choose one"),
        (("--all",), 2, "name a capture"),
        (("--conn", "999", capture("http")), 1, "no connection 999"),
        (("no-such-thing", "5"), 1, "no-such-thing"),
    ],
)
def test_what_cannot_be_explained(arguments: tuple[str, ...], code: int, says: str) -> None:
    """One message, no traceback."""
    done = run("explain", *arguments)
    assert done.returncode == code
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
