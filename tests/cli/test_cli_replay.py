"""`aclbench replay` as a person or a script runs it."""

from __future__ import annotations

import json
import os
import signal
import struct
import threading
from pathlib import Path
from typing import cast

import click
import pytest
from capture.frames import ethernet, ip4, tcp
from capture.test_cut import cut_pcap
from cli.command import CAPTURES, capture, run
from click.testing import CliRunner

from aclbench import ScenarioError, Workbench
from aclbench.capture.pcapng_writer import PcapngWriter, Source
from aclbench.capture.reader import open_capture
from aclbench.capture.writer import write_pcap
from aclbench.cli import commands
from aclbench.cli import replay as replaying
from aclbench.workbench.budget import Budget, BudgetError
from aclbench.workbench.rig import setting_up
from aclbench.workbench.rig.bundled import bundled_files
from aclbench.workbench.tasks import Slices


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_the_figures_of_a_bundled_capture_balance(capture: Path) -> None:
    """Each packet once, by its fate; added less deleted is live; reasons add up."""
    done = run("replay", "--json", "--workers", "2", str(capture))
    assert (done.returncode, done.stderr) == (0, "")
    figures = json.loads(done.stdout)
    packets, sessions = figures["packets"], figures["sessions"]
    fates = (
        "permitted",
        "denied",
        "delivered",
        "dropped",
        "unchecked",
        "not_ip",
        "malformed",
    )
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
    assert "guessed inside" in done.stdout
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
        (("replay", "no-such-thing"), 1, "no bundled scenario or capture"),
        (("replay", "--workers", "many", "x.pcap"), 2, "--workers"),
        (("replay", "--placement", "random", "x.pcap"), 2, "--placement"),
        (("replay", "--inside", "nonsense", str(CAPTURES[0])), 2, "nonsense"),
        (("replay", "/"), 1, "directory"),
        (("tui",), 1, "needs a terminal"),
        (("tui", "--against", "wheel", "--threads", "aging"), 2, "on real threads"),
        (("bogus",), 2, "bogus"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], code: int, says: str) -> None:
    """2 for usage, 1 for what cannot be done, and always why."""
    done = run(*arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_line_for_each_packet() -> None:
    """Wireshark's frame number, verdict and why; `--only` leaves the others out."""
    lines = run("replay", "--trace", capture("http")).stdout.splitlines()
    numbers = [int(line.split()[0]) for line in lines if " s pg" in line]
    assert numbers == list(range(1, 71))
    only = run("replay", "--only", 'reason "existing session"', capture("http")).stdout.splitlines()
    shown = [line for line in only if " s pg" in line]
    assert shown
    assert all("permitted, acl-plugin-" in line for line in shown)
    assert (
        "denied" in run("replay", "--only", "denied", capture("long-gaps")).stdout.splitlines()[0]
    )


def test_a_line_of_json_for_each_packet() -> None:
    """What `--trace` says in words, and the packet's tuple, times and checks."""
    said = run("replay", "--trace", capture("http")).stdout.splitlines()
    done = run("replay", "--trace", "--json", capture("http"))
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["packet"] for record in records] == [str(n) for n in range(1, 71)]
    for line, record in zip(said, records, strict=False):
        way, _, outcome = line.partition(": " + record["fate"].replace("_", " "))
        assert way.split()[0] == record["packet"]
        assert way.split()[3] == record["rx"]
        if record["proto"] is not None:
            assert f"{record['src']}" in way
            assert f" conn {record['conn']}" in way
            assert record["reason"] in outcome
            assert all(check["node"].startswith("acl-plugin-") for check in record["checks"])
        else:
            assert record["fate"] == "not_ip"
            assert (record["src"], record["conn"], record["checks"]) == (None, None, [])
    first = next(record for record in records if record["flags"] == "S")
    assert (first["proto"], first["dport"], first["fate"]) == (6, 80, "permitted")
    assert first["checks"][0]["action"] == 2
    assert len(first["checks"][0]["session"]) == 2
    assert first["length"] >= 54
    gap = records[-1]["capture_time_ns"] - records[0]["capture_time_ns"]
    assert records[-1]["time_ns"] - records[0]["time_ns"] == gap
    only = run("replay", "--only", "flags =S", "--json", capture("http")).stdout.splitlines()
    assert [json.loads(line)["packet"] for line in only] == [
        record["packet"] for record in records if record["flags"] == "S"
    ]
    threaded = run("replay", "--threads", "--trace", "--json", capture("http")).stdout.splitlines()
    assert {json.loads(line)["length"] for line in threaded} == {r["length"] for r in records}


def annotated(source: str, out: Path, *arguments: str) -> list[tuple[int, bytes, int, int, str]]:
    """Time, bytes, original length, link type and comment of each packet, as a reader has them."""
    assert run("replay", "--write-annotated", str(out), *arguments, source).returncode == 0
    found: list[tuple[int, bytes, int, int, str]] = []
    with open_capture(out) as reader:
        for raw in reader.batches():
            for i in range(len(raw)):
                at = int(raw.offset[i]) + int(raw.captured[i])
                at += -int(raw.captured[i]) % 4
                code, size = struct.unpack_from("<HH", raw.data, at)
                assert code == 1
                comment = raw.data[at + 4 : at + 4 + size].decode()
                time_ns, frame = int(raw.time_ns[i]), raw.frame(i)
                found.append((time_ns, frame, raw.original(i), raw.link_of(i), comment))
    return found


@pytest.mark.parametrize("name", ["http", "fragments", "long-gaps"])
def test_a_capture_with_verdicts_as_comments(name: str, tmp_path: Path) -> None:
    """Every packet as it was, to the nanosecond; the comment is what `--trace` says."""
    source = capture(name)
    packets = annotated(source, tmp_path / "x.pcapng")
    before = []
    with open_capture(source) as reader:
        for raw in reader.batches():
            for i in range(len(raw)):
                link, original = raw.link_of(i), raw.original(i)
                before.append((int(raw.time_ns[i]), raw.frame(i), original, link))
    assert [packet[:4] for packet in packets] == before
    records = run("replay", "--trace", "--json", source).stdout.splitlines()
    for line, packet in zip(records, packets, strict=True):
        record = json.loads(line)
        assert packet[4].lower().startswith(record["fate"].replace("_", " "))
        assert f"; {record['rx']} > {record['tx'] or 'nowhere'}" in packet[4]
        assert record["conn"] is None or packet[4].endswith(f"connection {record['conn']}")


def test_any_link_type_is_annotated(tmp_path: Path) -> None:
    """Raw IP, cut packets, interfaces with names, two captures in one file, compressed."""
    ip = bytes.fromhex("4500001c000000004011000a0a000002c0a80002") + bytes(8)
    source = tmp_path / "raw.pcapng"
    with PcapngWriter(source) as writer:
        writer.write(Source(0, 101, "tun0"), 5_000_000_001, ip, 28, "before")
        writer.write(Source(0, 1, "eth0"), 5_000_000_002, bytes(14) + ip, 999, "")
        writer.write(Source(0, 113, ""), 5_000_000_003, bytes(14) + b"\x08\x00" + ip, 44, "")
    packets = annotated(str(source), tmp_path / "x.pcapng", "--inside", "10.0.0.0/8")
    assert [(p[0], p[2], p[3]) for p in packets] == [
        (5_000_000_001, 28, 101), (5_000_000_002, 999, 1), (5_000_000_003, 44, 113)
    ]  # fmt: skip
    assert packets[0][1] == ip
    assert "permit+reflect" in packets[0][4]
    with open_capture(tmp_path / "x.pcapng") as reader:
        names = {name for raw in reader.batches() for name in raw.interface_names}
    assert names >= {"tun0", "eth0"}
    out = tmp_path / "y.pcapng.gz"
    again = annotated(str(source), out, "--inside", "10.0.0.0/8")
    assert again == packets
    refused = run("replay", "--write-annotated", str(out), str(source))
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert annotated(str(source), out, "--inside", "10.0.0.0/8", "--force") == packets


class Interrupted:
    """A bench during whose play Ctrl-C is pressed so often."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.stopped = False

    def playing(self) -> Slices[bool]:
        """Slices that end once they are stopped."""
        while not self.stopped:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)
            yield None
        return False

    def stop(self) -> None:
        """End the run behind the slice in hand."""
        self.stopped = True


def played(bench: Interrupted) -> bool:
    """Whether it was interrupted."""
    return replaying.play_to_end(cast(Workbench, bench), bench.playing(), False)


def test_one_interrupt_lets_a_packet_end_and_a_second_does_not() -> None:
    """Play that never comes back, as with a pipe that gives no more, can be left."""
    assert played(Interrupted(1))
    with pytest.raises(KeyboardInterrupt):
        played(Interrupted(2))


@pytest.mark.parametrize(("option", "has_bar"), [([], True), (["--trace"], False)])
def test_an_interrupted_replay_says_so(
    option: list[str],
    has_bar: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On standard error, behind the figures; lines and a progress bar do not go together."""
    asked: list[bool] = []

    def play_to_end(bench: Workbench, run: Slices[bool], has_bar: bool) -> bool:
        asked.append(has_bar)
        return True

    monkeypatch.setattr(replaying, "play_to_end", play_to_end)
    with pytest.raises(click.Abort):
        commands.cli.main(["replay", *option, capture("http")], standalone_mode=False)
    said = capsys.readouterr()
    assert "0 packets in" in said.out
    assert "interrupted; the figures are those so far" in said.err
    assert asked == [has_bar]


def test_what_passed_and_what_did_not(tmp_path: Path) -> None:
    """Two captures that together are the one that was read, packet by packet."""
    passed, dropped = tmp_path / "passed.pcap", tmp_path / "dropped.pcap"
    done = run(
        "replay", "--json", capture("http"), "--write-passed", str(passed), "--write-dropped",
        str(dropped),
    )  # fmt: skip
    packets = json.loads(done.stdout)["packets"]
    counts = []
    for path in (passed, dropped):
        again = json.loads(run("replay", "--json", "--inside", "10.0.0.0/24", str(path)).stdout)
        counts.append(again["packets"]["read"])
    went = packets["permitted"] + packets["unchecked"] + packets["delivered"]
    assert packets["delivered"]
    assert counts == [went, packets["read"] - went]


def test_what_is_written_says_how_long_packets_were(tmp_path: Path) -> None:
    """Packets that the capture cut are still cut ones, and not malformed."""
    frames = [ethernet(ip4(tcp(), 6), 0x0800)] * 3
    cut, dropped = tmp_path / "cut.pcap", tmp_path / "dropped.pcap"
    cut.write_bytes(cut_pcap(frames, 20))
    first = run("replay", "--json", "--write-dropped", str(dropped), str(cut))
    again = run("replay", "--json", str(dropped))
    for done in (first, again):
        assert json.loads(done.stdout)["reasons"] == {"cut before the end of its IP header": 3}
    with open_capture(dropped) as reader:
        lengths = [batch.original(i) for batch in reader.batches() for i in range(len(batch))]
    assert lengths == [len(frame) for frame in frames]


def test_a_run_is_for_the_live_screen(tmp_path: Path) -> None:
    """Not read as a capture: the message says what goes on with it."""
    path = tmp_path / "mine.run"
    Workbench().save(path)
    done = run("replay", str(path))
    assert done.returncode == 2
    assert f"aclbench tui {path}" in done.stderr


def test_until_a_time() -> None:
    """Only what arrives by then."""
    done = run("replay", "--json", "--until", "0.5", capture("http"))
    assert 0 < json.loads(done.stdout)["packets"]["read"] < 70
    assert 'virtual_s": 0.5' in done.stdout


def test_until_a_time_of_day_on_a_pipe(tmp_path: Path) -> None:
    """The first packet, which tells the date, is waited for; what is behind the last one said."""
    path, fifo = tmp_path / "x.pcap", tmp_path / "fifo"
    frame = ethernet(ip4(tcp(0x02, 1000, 80), 6), 0x0800)
    write_pcap(path, [(1_795_780_800_000_000_000 + n * 10**9, frame) for n in range(9)])
    os.mkfifo(fifo)
    for arguments in ((), ("--inside", "10.0.0.0/8")):
        writer = threading.Thread(target=lambda: fifo.write_bytes(path.read_bytes()))
        writer.start()
        done = run("replay", "--json", "--until", "12:00:05", *arguments, str(fifo))
        assert done.stderr == ""
        writer.join()
        assert (done.returncode, json.loads(done.stdout)["packets"]["read"]) == (0, 6)
    late = run("replay", "--until", "12:00:20", str(path)).stdout
    assert late.startswith("note: +20 s is 12 s after the last packet, which came at +8 s")
    writer = threading.Thread(target=lambda: fifo.write_bytes(path.read_bytes()))
    writer.start()
    late = run("replay", "--until", "12:00:20", "--inside", "10.0.0.0/8", str(fifo)).stdout
    writer.join()
    assert late.count("+20 s is 12 s after the last packet, which came at +8 s") == 1


def test_years_between_two_packets(tmp_path: Path) -> None:
    """A capture's own times make no more work than a file may; what was played until then stands.

    An established connection is looked at again and again, as its packets may leave days between.
    """
    begin_ns, day_ns = 10**18, 86_400 * 10**9
    there, ack = (ethernet(ip4(tcp(flags, 1000, 80), 6), 0x0800) for flags in (0x02, 0x10))
    reply = ethernet(ip4(tcp(0x12, 80, 1000), 6), 0x0800)
    back = reply[:26] + reply[30:34] + reply[26:30] + reply[34:]  # from the other address
    records = [(begin_ns + n, frame) for n, frame in enumerate((there, back, ack))]
    path = tmp_path / "days.pcap"
    write_pcap(path, [*records, (begin_ns + 900 * day_ns, ack)])
    done = run("replay", "--budget", "100000", "--json", str(path))
    figures = json.loads(done.stdout)
    assert done.returncode == 1
    assert figures["packets"]["read"] == 3
    assert "this makes more than 103,000 units of work" in done.stderr
    assert "--until TIME ends it ahead of a long silence" in done.stderr
    assert "s into the captures" in figures["error"]
    slow = run("replay", "--cpu-seconds", "0.1", str(path))
    assert (slow.returncode, "this machine was too slow" in slow.stderr) == (1, True)
    why = run("explain", str(path), "4", "--budget", "100000")
    assert (why.returncode, "units of work" in why.stderr) == (1, True)
    whole = run("replay", "--budget", "100000", "--until", "60", str(path))
    assert (whole.returncode, whole.stderr) == (0, "")


def test_how_long_a_person_says_is_limited_by_what_he_says_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However slow the machine is."""
    monkeypatch.setattr(replaying, "budget_for_captures", lambda limits: Budget(1))
    arguments = ["replay", "--json", "--until", "10h", capture("http")]
    done = CliRunner().invoke(commands.cli, arguments)
    assert (done.exit_code, json.loads(done.stdout)["virtual_s"]) == (0, 36_000)
    for more in (["--cpu-seconds", "9"], ["--budget", "9"]):
        refused = CliRunner().invoke(commands.cli, [*arguments, *more])
        assert isinstance(refused.exception, BudgetError)
    refused = CliRunner().invoke(commands.cli, ["replay", capture("http")])
    assert isinstance(refused.exception, BudgetError)


def test_packets_use_up_no_budget() -> None:
    """A capture may be as long as it is."""
    assert run("replay", "--budget", "1000", capture("many-flows")).returncode == 0


@pytest.mark.parametrize("as_json", [False, True])
def test_a_timed_line_that_is_refused_leaves_the_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """Its message ends the replay, behind the figures so far."""
    line = (1_000_000_000 + 500_000_000, "delete acl-plugin acl index 0")

    def rehearsed(*arguments: object) -> Slices[tuple[tuple[int, str], ...]]:
        yield None
        return (line,)

    monkeypatch.setattr(setting_up, "_rehearsed", rehearsed)
    arguments = ["replay", *(["--json"] if as_json else []), capture("http")]
    with pytest.raises(ScenarioError, match="at: delete acl-plugin acl index 0: ACL 0 is applied"):
        commands.cli.main(arguments, standalone_mode=False)
    shown = capsys.readouterr().out
    if as_json:
        figures = json.loads(shown)
        assert 0 < figures["packets"]["read"] < 70
        assert "delete acl-plugin acl index 0" in figures["error"]
    else:
        assert "packets in 0.5 s of virtual time" in shown


def test_vpp_lines_instead_of_a_scenario(tmp_path: Path) -> None:
    """A file as VPP's `exec` takes it makes the bench; a wrong line is named."""
    lines = tmp_path / "vpp.conf"
    lines.write_text(
        "create packet-generator interface pg0\ncreate packet-generator interface pg1\n"
        "set int state pg0 up\nset int state pg1 up\n"
        "set int ip address pg0 10.0.0.1/24\nset int ip address pg1 192.168.0.1/24\n"
        "set int ip address pg0 fd00:1::1/64\nset int ip address pg1 fd00:2::1/64\n"
        "set acl-plugin acl permit+reflect proto 6, permit+reflect src ::/0\n"
        "set acl-plugin acl deny, deny src ::/0\n"
        "set acl-plugin interface pg0 input acl 0\nset acl-plugin interface pg0 output acl 1\n"
    )
    done = run("replay", "--json", "--exec", str(lines), capture("http"))
    assert json.loads(done.stdout)["sessions"]["added"] >= 4
    lines.write_text("create packet-generator interface pg0\nbogus\n")
    wrong = run("replay", "--exec", str(lines), capture("http"))
    assert wrong.returncode == 1
    assert f"{lines}: line 2: bogus" in wrong.stderr


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """Said before anything is played."""
    done = run("replay", capture("http"), "--write-passed", str(tmp_path / "no" / "x.pcap"))
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


def test_the_capture_that_is_read_is_not_overwritten(tmp_path: Path) -> None:
    """A recording is somebody's only one."""
    mine = tmp_path / "mine.pcap"
    mine.write_bytes(Path(capture("http")).read_bytes())
    size = mine.stat().st_size
    link, hard_link = tmp_path / "link.pcap", tmp_path / "hard.pcap"
    link.symlink_to(mine)
    hard_link.hardlink_to(mine)
    for name in (mine, link, hard_link):
        done = run("replay", "--write-dropped", str(name), "--force", str(mine))
        assert done.returncode == 1
        assert "name another file" in done.stderr
        assert mine.stat().st_size == size
    both = str(tmp_path / "out.pcap")
    twice = run("replay", "--write-dropped", both, "--write-passed", both, str(mine))
    assert twice.returncode == 1


def test_what_is_there_is_overwritten_by_force_alone(tmp_path: Path) -> None:
    """Whole or not at all: what was there stays if the disk is full."""
    out, there = tmp_path / "out.pcap", b"somebody's"
    out.write_bytes(there)
    done = run("replay", "--write-passed", str(out), capture("http"))
    assert (done.returncode, out.read_bytes()) == (1, there)
    assert f"{out} is there already; --force overwrites it" in done.stderr
    assert run("replay", "--write-passed", str(out), "--force", capture("http")).returncode == 0
    assert out.read_bytes() != there
    assert run("replay", "--write-passed", "/dev/null", capture("http")).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.pcap"]


def test_a_packet_that_is_not_ip_is_said_once() -> None:
    """Fate and reason are the same words."""
    lines = run("replay", "--only", "not-ip", capture("http")).stdout.splitlines()
    shown = [line for line in lines if " s pg" in line]
    assert shown
    assert all(line.endswith(" > - -: not IP") for line in shown)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("replay", ""), 1, "an empty argument"),
        (("replay", "--only", "reason zzz", capture("http")), 2, "there are acl 0 rule 0: permit"),
        (("replay", "--only", "denid", capture("http")), 2, "did you mean denied"),
        (("replay", "--only", 'reason "acl 7"', capture("http")), 2, "no reason has this text"),
        (("replay", "--inside-vlan", "4095", capture("http")), 2, "4095"),
        (("replay", "--inside-mac", "x", capture("http")), 2, "not a MAC address"),
        (("replay", "--inside-interface", "eth0", capture("http")), 1, "classic pcap"),
        (
            ("replay", "--inside-vlan", "1", "--inside-interface", "0", capture("http")),
            2,
            "--inside-vlan and --inside-interface",
        ),
        (("replay", "--inside-vlan", "1", "--rx", "pg0=http"), 2, "both say"),
        (("replay", "--rx", "pg0"), 2, "pg0=in.pcap"),
        (("replay", "--rx", "pg0=aging"), 2, "is a scenario"),
        (("replay", "--rx", "pg0=no-such-thing"), 1, "no bundled scenario or capture"),
        (("replay", "--rx", "pg2=http"), 1, "pg0, the inside, and pg1, the outside"),
        (("replay", "--rx", "pg0=http", "dns-ping"), 2, "leave dns-ping"),
        (("replay", "--rx", "pg0=-", "--rx", "pg1=-"), 2, "can be read once"),
        (("replay", "-", "-"), 2, "can be read once"),
        (("replay", "aging", "http"), 2, "a scenario comes alone"),
        (("replay", "aging", "--inside", "10.0.0.0/8"), 2, "leave --inside"),
        (("replay", "--inside", "10.0.0.0/8", "--inside", "10.0.0.0/8", "http"), 2, "named twice"),
        (("replay", "--inside", "10.0.0.1/8", "http"), 2, "host bits set; write 10.0.0.0/24"),
        (("replay", "--exec", "", "http"), 2, "names no file"),
        (("replay", "--until", "soon", "http"), 2, "--until soon: "),
        (("replay", "--until", "-1", "http"), 2, "--until -1: "),
        (("replay", "--only", "", "http"), 2, "it says nothing"),
        (("replay", "--write-passed", "-", "http"), 2, "standard output has the report"),
        (("replay", "--write-dropped", "", "http"), 2, "standard output has the report"),
        (("replay", "--write-dropped", "x.pcapng", "http"), 2, "it is classic pcap"),
        (("replay", "--write-annotated", "x.pcap", "http"), 2, "it is pcapng; name it .pcapng"),
        (("replay", "--write-annotated", "-", "http"), 2, "standard output has the report"),
        (("replay", "--rx", "pg9=http", "aging"), 1, "there is no interface pg9"),
        (("replay", "--inside-vlan", "1", "aging"), 2, "leave --inside-vlan"),
    ],
)
def test_wrong_steering(arguments: tuple[str, ...], code: int, says: str) -> None:
    """What was asked, and what would be right."""
    done = run(*arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_capture_that_cannot_be_steered_gives_no_figures(tmp_path: Path) -> None:
    """Also where it is the second one, or where a scenario says how to steer."""
    refused = run("replay", "--inside-interface", "eth0", capture("http"), capture("long-gaps"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "classic pcap" in refused.stderr
    path = tmp_path / "x.toml"
    path.write_text(
        f'captures = ["{capture("http")}"]\n'
        '[[interface]]\nname = "pg0"\nprefixes = ["10.0.0.0/8"]\ncapture_interfaces = [0]\n'
        '[[interface]]\nname = "pg1"\n'
    )
    refused = run("replay", str(path))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "classic pcap" in refused.stderr


def test_a_reason_or_a_rule_to_show() -> None:
    """Part of a text that some packet could have, whether one has or not."""
    for only in ('reason "both ends"', 'reason "RULE 1"', "not_ip", "malformed or tcp"):
        assert run("replay", "--only", only, capture("http")).returncode == 0


def test_one_capture_an_interface(tmp_path: Path) -> None:
    """Without a scenario, with VPP lines, and instead of a scenario's own captures."""
    rx = ("--rx", f"pg0={capture('http')}", "--rx", f"pg1={capture('dns-ping')}")
    alone = run("replay", "--trace", *rx)
    assert (alone.returncode, alone.stderr) == (0, "")
    names = {line.split(":")[0] for line in alone.stdout.splitlines() if " s pg" in line}
    assert names == {"http.pcap", "dns-ping.pcap"}
    lines = tmp_path / "vpp.conf"
    lines.write_text(
        "create packet-generator interface pg0\ncreate packet-generator interface pg1\n"
    )
    for bench in (("--exec", str(lines)), ("two-workers",)):
        figures = json.loads(run("replay", "--json", *rx, *bench).stdout)
        assert figures["packets"]["read"] == 130


def test_inside_by_mac_and_vlan() -> None:
    """The recorded inside hosts share one address; no packet has a tag, and that is said."""
    with open_capture(capture("http")) as reader:
        batch = next(reader.batches())
    mac = next(
        frame[6:12].hex(":")
        for frame in map(batch.frame, range(len(batch)))
        if frame[26:30] == bytes([10, 0, 0, 2])
    )
    by_address = json.loads(run("replay", "--json", capture("http")).stdout)
    by_mac = json.loads(run("replay", "--json", "--inside-mac", mac, capture("http")).stdout)
    assert by_mac["sessions"]["added"] >= by_address["sessions"]["added"]
    assert f"source MAC {mac} come from inside" in by_mac["notes"][0]
    by_vlan = json.loads(run("replay", "--json", "--inside-vlan", "7", capture("http")).stdout)
    assert by_vlan["notes"][-1] == "no packet was seen with VLAN 7"


def test_the_placement_that_is_asked_for_wins_over_the_lines_of_a_file(tmp_path: Path) -> None:
    """With flow placement both legs of a connection meet one worker, else each its interface's."""
    cases = Path(__file__).parents[1] / "cases"
    lines = tmp_path / "flow.conf"
    lines.write_text((cases / "b24b.conf").read_text() + "placement flow\n")
    found = []
    for placement in ("interface", "flow", None):
        asked = ("--placement", placement) if placement else ()
        done = run("replay", "--workers", "2", "--json", "--exec", str(lines), *asked,
                   str(cases / "a15b-without-it.pcap"))  # fmt: skip
        found.append([worker["packets"] for worker in json.loads(done.stdout)["workers"]])
    by_interface, by_flow, by_the_file = found
    assert by_interface[-2:] == [10, 10]
    assert by_flow == by_the_file != by_interface


@pytest.mark.parametrize(("name", "meant"), [("htpp", "http"), ("htpp.pcap", "http.pcap")])
def test_a_name_that_is_nearly_one_of_the_bundled_is_asked_about(name: str, meant: str) -> None:
    done = run("replay", name)
    assert done.returncode == 1
    assert f"did you mean {meant}?" in done.stderr
