"""What lies around the acl plugin is shown as VPP shows it, and VPP's own errors come first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import vpp_transcript

from aclbench import CommandError, Workbench
from aclbench.capture.writer import write_pcap
from aclbench.engine.events import PacketVerdict
from aclbench.workbench.commands.vpp import absent


def test_errors_of_the_acl_nodes_byte_for_byte() -> None:
    """Counts, nodes, reasons, severity and columns of the transcript's packets."""
    bench = vpp_transcript.set_up()
    vpp_transcript.play(bench)
    lines = vpp_transcript.LINES
    at = lines.index("vpp# show errors") + 1
    assert bench.cli("show errors").splitlines() == lines[at : at + 8]


def test_errors_have_a_line_for_each_way_to_be_dropped() -> None:
    """Also what no acl node dropped; and a session table that is full counts apart."""
    bench = vpp_transcript.set_up()
    bench.cli("set acl-plugin session table max-entries 1")
    bench.cli("set interface state pg1 down")
    frames = vpp_transcript.packets()
    bench.send(*frames["in_udp"])
    bench.send(*frames["in_ping"])
    printed = {tuple(line.split(maxsplit=2)[:2]): line for line in bench.cli("sh err").splitlines()}
    assert "interface is down" in printed["1", "error-drop"]
    assert "too many sessions to add new" in bench.cli("show errors")
    assert "ACL deny packets" not in bench.cli("show errors")


def test_interfaces_in_vpps_columns() -> None:
    """The rows of the transcript, up to their counters."""
    bench = vpp_transcript.set_up()
    lines = vpp_transcript.LINES
    at = lines.index("vpp# show interface") + 1
    head, local0, pg0 = lines[at : at + 3]
    printed = bench.cli("show interface").splitlines()
    assert printed[:2] == [head, local0]
    assert printed[2] == pg0[: len(printed[2])]
    assert bench.cli("sh int pg1").splitlines() == [head, printed[3]]


def test_transcript_runs_as_a_script() -> None:
    """From the first line to the last timeout, what stands between them is printed."""
    bench = Workbench()
    lines = iter(vpp_transcript.LINES)
    expected: list[str] = []
    printed: list[str] = []
    for line in lines:
        if line == f"vpp# {vpp_transcript.LAST_LINE}":
            break
        if line.startswith("vpp# "):
            printed += bench.cli(line.removeprefix("vpp# ")).splitlines()
        elif not line.startswith("#"):
            expected.append(line)
    assert [s.rstrip() for s in printed if s.strip()] == [s.rstrip() for s in expected if s.strip()]


@pytest.mark.parametrize(
    "line",
    [
        "set acl-plugin session timeout tcp bogus 3",
        "set acl-plugin session timeout udp idle abc",
        "show acl-plugin nonsense",
        "show acl-plugin",
    ],
)
def test_vpps_own_error_comes_first(line: str) -> None:
    """The transcript's line, and behind it one of ours that says what would be right."""
    lines = vpp_transcript.LINES
    vpps = lines[lines.index(f"vpp# {line}") + 1]
    with pytest.raises(CommandError) as refusal:
        vpp_transcript.set_up().cli(line)
    first, ours = str(refusal.value).split("\n", 1)
    assert first == vpps
    assert "acl-plugin" in ours


def test_routes_say_where_they_lead() -> None:
    """Interface subnets, own addresses and added routes, each family for itself."""
    bench = vpp_transcript.set_up()
    bench.cli("set int ip address pg1 fd00:2::1/64")
    bench.cli("ip route add 10.9.0.0/16 via 192.168.0.2")
    ip4, ip6 = bench.cli("show ip fib"), bench.cli("sh ip6 fib")
    assert "10.9.0.0/16\n  via 192.168.0.2 pg1" in ip4
    assert "10.0.0.1/32\n  receive" in ip4
    assert "fd00:2::/64\n  attached: pg1" in ip6
    assert "10." not in ip6


def test_placement_changes_while_a_capture_is_played(tmp_path: Path) -> None:
    """In the middle of a frame: the very next packet goes to the new worker."""
    two = Workbench(workers=2)
    for line in vpp_transcript.commands():
        two.cli(line)
    frame = bytes(vpp_transcript.packets()["in_udp"][1])
    path = tmp_path / "same.pcap"
    write_pcap(path, [(10**9 * n, frame) for n in range(1, 9)])
    two.cli(f"packet-generator new {{ name s pcap {path} source pg0 }}")
    threads: list[int] = []

    def hear(event: object) -> None:
        if isinstance(event, PacketVerdict):
            threads.append(event.thread_index)

    two.listeners.add(hear)
    two.cli("packet-generator enable-stream")
    two.play(2)
    assert "pg0" in two.cli("show interface rx-placement").split("Thread 2")[0]
    two.cli("set interface rx-placement pg0 worker 1")
    two.play()
    assert threads == [1, 1, 1, 2, 2, 2, 2, 2]
    assert "pg0" in two.cli("show int rx").split("Thread 2")[1]
    two.check_invariants()


def test_threads_version_and_clock() -> None:
    """One line a thread; the version; virtual time."""
    bench = vpp_transcript.set_up()
    vpp_transcript.play(bench)
    threads = bench.cli("show threads").splitlines()
    assert [line.split()[:2] for line in threads[1:]] == [["0", "vpp_main"], ["1", "vpp_wk_0"]]
    assert threads[2].split()[3] == "7"
    assert bench.cli("show version").startswith("aclbench v")
    assert bench.cli("show clock") == "Time now 3.100000000, +2.1 s from the start"


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("show acl-plugin tables", "`show acl-plugin lookup context`"),
        ("sh acl tab hash verbose 1", "VPP's `show acl-plugin tables` is not here: rules are"),
        ("show acl-plugin macip acl", "`show acl-plugin acl`"),
        ("set acl-plugin macip acl deny", "there are no MACIP ACLs here"),
        ("show acl-plugin sessions thread 1 index 0", "`show acl-plugin sessions verbose`"),
        ("show bridge-domain 1 detail", "no bridges here"),
        ("show interface features pg0", "`show acl-plugin interface`"),
        ("show hardware-interfaces", "`show interface`"),
        ("show ip fib summary", "`show ip fib` lists the routes"),
        ("show nat44 sessions", "of VPP there is the acl plugin alone here"),
        ("show ip arp", "VPP's `show ip arp` is not here: packets need no neighbours"),
        ("show ip fib table 0", "there is one table a family"),
        ("show node foo", "`show runtime`"),
        ("show errors verbose", "`show errors` counts over all threads"),
        ("set int promiscuous on pg0", "nothing here depends on it"),
        ("create loopback interface", "`set interface state` makes an interface"),
        ("acl_interface_set_acl_list pg0 input 0", "there is no binary API here"),
        ("ping 10.0.0.2", "`send` sends a packet"),
        ("show session", "`show acl-plugin sessions` lists those"),
    ],
)
def test_what_vpp_has_and_aclbench_has_not_is_said_in_a_line(line: str, instead: str) -> None:
    with pytest.raises(CommandError) as refusal:
        vpp_transcript.set_up().cli(line)
    assert instead in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1
    with pytest.raises(CommandError) as as_data:
        vpp_transcript.set_up().cli_data(line)
    assert str(as_data.value) == str(refusal.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("show ip", "something is missing at the end: fib"),
        ("show ip nonsense", "here can come: fib"),
        ("show ip fib nonsense", "nonsense"),
        ("show i", "ambiguous word"),
        ("show s", "did you mean"),
    ],
)
def test_what_may_be_a_command_that_is_here_is_not_taken_for_one_that_is_not(
    line: str, said: str
) -> None:
    """`ip` is no short form of `ipsec`, and a word that may be several of VPP's is none of them."""
    with pytest.raises(CommandError) as refusal:
        vpp_transcript.set_up().cli(line)
    assert said in str(refusal.value)
    assert "is not here" not in str(refusal.value)


def test_what_is_named_instead_is_there() -> None:
    """Each command that is named in its place is one of the table."""
    bench = vpp_transcript.set_up()
    named = re.findall(r"`([a-z6 -]+)`", " ".join(instead for _, _, instead in absent._INSTEAD))
    assert len(set(named)) > 10
    for line in named:
        said = bench.cli(f"help {line.removeprefix('help ')}")
        assert all(word in said for word in line.removeprefix("help ").split())


def test_where_one_destination_leads() -> None:
    """A host by the longest prefix that holds it; a prefix by itself; the rest is said."""
    bench = vpp_transcript.set_up()
    head = "ipv4-VRF:0, fib_index:0"
    assert bench.cli("show ip fib 10.0.0.77").splitlines() == [
        head, "10.0.0.0/24", "  attached: pg0"
    ]  # fmt: skip
    assert bench.cli("sh ip fib 10.0.0.1").splitlines()[1:] == [
        "10.0.0.1/32", "  receive: for the bench itself"
    ]  # fmt: skip
    assert bench.cli("show ip fib 224.0.0.5").splitlines()[2] == "  drop: multicast"
    assert bench.cli("show ip fib 10.0.0.0/24") == bench.cli("show ip fib 10.0.0.77")
    assert bench.cli_data("show ip fib 10.0.0.77") == {
        "routes": [{"prefix": "10.0.0.0/24", "leads_to": "attached: pg0"}]
    }
    for line, said in (
        ("show ip fib 9.9.9.9", "no route to 9.9.9.9"),
        ("show ip fib 10.0.0.0/25", "no route to 10.0.0.0/25 itself"),
        ("show ip fib fd00::1", "`show ip6 fib` is its table"),
        ("show ip6 fib 10.0.0.0/24", "`show ip fib` is its table"),
    ):
        with pytest.raises(CommandError, match=said):
            bench.cli(line)


def test_memory_and_interfaces_by_name() -> None:
    bench = vpp_transcript.set_up()
    assert bench.cli("show acl-plugin memory") == "ACL memory is now part of the main heap"
    head, *rows = bench.cli("show interface").splitlines()
    assert bench.cli("show interface pg1 pg0").splitlines() == [head, *rows[1:]]
    assert bench.cli("show interface addr pg1") == "pg1 (up):\n  L3 192.168.0.1/24"
    assert [i["name"] for i in bench.cli_data("show int pg1 pg0")["interfaces"]] == ["pg0", "pg1"]
