"""Streams: a capture's packets arrive from when they are enabled, and it can be done again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import vpp_transcript

from aclbench import CommandError, Workbench
from aclbench.capture.writer import write_pcap
from aclbench.errors import AclbenchError
from aclbench.workbench.tasks import Slices, Task, finish
from aclbench.workbench.workbench import loading

SECOND = 10**9


@pytest.fixture
def bench() -> Workbench:
    return vpp_transcript.set_up()


@pytest.fixture
def pcap(tmp_path: Path) -> Path:
    """Five packets from inside, a second apart."""
    frame = bytes(vpp_transcript.packets()["in_udp"][1])
    path = tmp_path / "in put.pcap"
    write_pcap(path, [(SECOND * (100 + n), frame) for n in range(5)])
    return path


def handled(bench: Workbench) -> int:
    return bench.snapshot().packets.read


def test_packets_arrive_from_when_it_is_enabled(bench: Workbench, pcap: Path) -> None:
    """None before; then the first at once and the others at the capture's distances."""
    bench.cli(f'packet-generator new {{ name s0 limit 4 pcap "{pcap}" source pg0 rate 1e6 }}')
    bench.advance(10)
    assert handled(bench) == 0
    bench.cli("pa en s0")
    assert handled(bench) == 1
    assert bench.cli("sh packet-g").splitlines()[1].split()[:3] == ["s0", "Yes", "1"]
    bench.advance("1.5")
    assert handled(bench) == 2
    assert bench.play()
    assert handled(bench) == 4
    assert bench.cli("show packet-generator").splitlines()[1].split()[:3] == ["s0", "No", "4"]


def test_history_holds_it(bench: Workbench, pcap: Path, tmp_path: Path) -> None:
    """Enabled twice: back between the two, forward again, saved and loaded, it is the same run."""
    bench.cli(f'packet-generator new {{ name s0 pcap "{pcap}" source pg0 }}')
    bench.cli("packet-generator enable-stream s0")
    bench.play()
    bench.cli("packet-generator enable-stream s0")
    bench.play()
    end = bench.snapshot()
    assert handled(bench) == 10
    for number in (7, 3, 0, 5):
        bench.goto_packet(number)
        assert handled(bench) == number
    bench.switch("main")
    assert bench.snapshot() == end
    bench.save(tmp_path / "r.run")
    assert Workbench.load(tmp_path / "r.run").snapshot() == end
    write_pcap(pcap, [])
    with pytest.raises(AclbenchError, match="changed"):
        Workbench.load(tmp_path / "r.run")


def test_disabled_it_sends_no_more_and_begins_anew(bench: Workbench, pcap: Path) -> None:
    """Disabled in the middle, then enabled: all five come again."""
    bench.cli(f'packet-generator new {{ name s0 pcap "{pcap}" source pg0 }}')
    bench.cli("packet-generator enable-stream")
    bench.advance(1)
    bench.cli("packet-generator disable-stream s0")
    bench.advance(10)
    assert handled(bench) == 2
    bench.cli("packet-generator enable-stream")
    bench.play()
    assert handled(bench) == 7
    bench.cli("packet-generator delete s0")
    assert bench.cli("show packet-generator") == "no streams currently defined"


def test_streams_enabled_together_are_merged(bench: Workbench, pcap: Path) -> None:
    """Two of one capture on two interfaces; a third cannot come between."""
    for name, source in (("a", "pg0"), ("b", "pg1")):
        bench.cli(f'packet-generator new {{ name {name} pcap "{pcap}" interface {source} }}')
    bench.cli("packet-generator enable-stream")
    with pytest.raises(CommandError, match="one set of captures arrives at a time"):
        bench.cli("packet-generator enable-stream a")
    with pytest.raises(CommandError, match="merged"):
        bench.cli("packet-generator disable-stream a")
    bench.play()
    assert handled(bench) == 10


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("{ name s0 pcap FILE source pg9 }", "pg0, pg1"),
        ("{ name s0 pcap missing.pcap source pg0 }", "no such file"),
        ("{ name s0 pcap PIPE source pg0 }", "no such file"),
        ("{ name s0 pcap /dev/zero source pg0 }", "no such file"),
        ("{ name s0 source pg0 }", "needs pcap"),
        ("{ name s0 pcap FILE source pg0 limit 6 }", "1 to 5"),
        ("{ name s0 pcap FILE source pg0 limit 0 }", "1 to 5"),
        ("{ name s0 pcap FILE source pg0 bogus 1 }", "bogus"),
        ("{ name s0 pcap FILE source pg0", "brace"),
        ("{ name s0 name s1 pcap FILE source pg0 }", "twice"),
        ("{ name s0 pcap FILE source pg0 size 64-64 }", "send"),
        ("{ name s0 pcap FILE source pg0 node ip4-input }", "ethernet-input"),
    ],
)
def test_refusals_change_nothing(bench: Workbench, pcap: Path, spec: str, says: str) -> None:
    """What was asked, what is there, what would be right."""
    pipe = pcap.with_name("pipe.pcap")
    os.mkfifo(pipe)
    with pytest.raises(CommandError, match=says):
        bench.cli(
            "packet-generator new " + spec.replace("FILE", f'"{pcap}"').replace("PIPE", str(pipe))
        )
    assert bench.cli("show packet-generator") == "no streams currently defined"
    with pytest.raises(CommandError, match="there is no stream"):
        bench.cli("packet-generator enable-stream s0")


def in_two_slices(task: Task[Any]) -> None:
    """Two slices of work that is not over by then, and tells how far it is."""
    for _ in range(2):
        assert not task.work(0.0)
    assert task.progress is not None


@pytest.mark.parametrize("line", ["new { name s1 limit 2 pcap in source pg0 }", "enable-stream s0"])
def test_a_capture_is_read_in_slices_and_whoever_stops_that_has_changed_nothing(
    bench: Workbench, pcap: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.cli(f'packet-generator new {{ name s0 limit 3 pcap "{pcap}" source pg0 }}')
    monkeypatch.setattr("aclbench.workbench.rig.streams.SLICE_BYTES", 100)
    before, inputs = bench.cli("show packet-generator"), len(bench.past.branch.ops)
    task = bench.begin(f"packet-generator {line.replace('in ', f'{chr(34)}{pcap}{chr(34)} ')}")
    in_two_slices(task)
    task.stop()
    assert bench.cli("show packet-generator") == before
    assert len(bench.past.branch.ops) == inputs
    bench.advance(1)
    assert handled(bench) == 0


def test_a_scenario_and_a_run_read_it_in_slices_too(
    pcap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"packet-generator new {{ name s0 pcap '{pcap}' source pg0 }}".replace("'", '\\"')
    path = tmp_path / "streams.toml"
    path.write_text(
        f'cli = ["{line}"]\n[[interface]]\nname = "pg0"\nprefixes = ["10.0.0.0/8"]\n'
        '[[interface]]\nname = "pg1"\n'
    )
    monkeypatch.setattr("aclbench.workbench.rig.streams.SLICE_BYTES", 100)
    task = Task(loading(Workbench, path))
    in_two_slices(task)
    made = task.finish()
    made.cli(f'packet-generator new {{ name s1 pcap "{pcap}" source pg0 }}')
    made.save(tmp_path / "streams.run")
    task = Task(loading(Workbench, tmp_path / "streams.run"))
    in_two_slices(task)
    shown = task.finish().cli("show packet-generator")
    assert shown == made.cli("show packet-generator")


def test_on_real_threads(pcap: Path) -> None:
    """The same lines, and as many packets."""
    bench = Workbench(workers=2, driver="threaded")
    for line in vpp_transcript.commands():
        bench.cli(line)
    bench.cli(f'packet-generator new {{ name s0 pcap "{pcap}" source pg0 }}')
    bench.cli("packet-generator enable-stream")
    bench.play()
    assert handled(bench) == 5


@pytest.mark.parametrize(
    ("again", "done"),
    [
        (lambda bench: bench.transport.stepping(), 1),
        (lambda bench: bench.transport.stepping_turn(), 1),
        (lambda bench: bench.travel.going_forward(1, "step"), 1),
        (lambda bench: bench.transport.running(bench.now), 2),
    ],
    ids=["step", "turn", "forward", "run"],
)
def test_done_again_it_reads_it_in_slices_too(
    again: Callable[[Workbench], Slices[Any]],
    done: int,
    bench: Workbench,
    pcap: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aclbench.workbench.rig.streams.SLICE_BYTES", 100)
    point = bench.past.cursor
    for name in ("s0", "s1"):
        bench.cli(f'packet-generator new {{ name {name} pcap "{pcap}" source pg0 }}')
    bench.goto(point)
    none = bench.cli("show packet-generator")
    task = Task(again(bench))
    for _ in range(2):
        assert not task.work(0.0)
    task.stop()
    assert (bench.cli("show packet-generator"), bench.past.cursor) == (none, point)
    finish(again(bench))
    assert bench.past.cursor.op == point.op + done
    assert len(bench.cli_data("show packet-generator")["streams"]) == done
