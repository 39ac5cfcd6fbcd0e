"""The commands print what VPP prints, and say what is wrong where VPP is silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from aclbench import CommandError, Workbench

TRANSCRIPT = Path(__file__).parents[2] / "reference" / "vpp-26.10-transcript.txt"
#: Up to here the transcript is of commands that do the same in both.
LAST_LINE = "set acl-plugin session timeout tcp idle 86400"


def transcript() -> list[tuple[str, str]]:
    """Pairs of a command and what VPP printed."""
    pairs: list[tuple[str, list[str]]] = []
    for line in TRANSCRIPT.read_text().splitlines():
        if line.startswith("vpp# "):
            pairs.append((line.removeprefix("vpp# "), []))
        elif pairs:
            pairs[-1][1].append(line)
    commands = [command for command, _ in pairs]
    return [(c, "\n".join(printed)) for c, printed in pairs[: commands.index(LAST_LINE) + 1]]


def tidy(printed: str) -> str:
    """Line ends aside."""
    return "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n")


def test_prints_what_vpp_prints() -> None:
    """A script for VPP gives the same output here, from the first line of the transcript on."""
    bench = Workbench()
    for command, printed in transcript():
        assert tidy(bench.cli(command)) == tidy(printed), command


@pytest.fixture
def bench() -> Workbench:
    """Two interfaces that are up, and one ACL applied on pg0's input."""
    bench = Workbench(workers=2)
    for line in (
        "create packet-generator interface pg0",
        "create packet-generator interface pg1",
        "set int state pg0 up",
        "set int state pg1 up",
        "set acl-plugin acl permit+reflect src 10.0.0.0/24 dst 0.0.0.0/0 proto 6 dport 80",
        "set acl-plugin interface pg0 input acl 0",
    ):
        bench.cli(line)
    return bench


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("set acl-plugin interface pg9 input acl 0", "local0, pg0, pg1"),
        ("set acl-plugin interface pg0 input acl 7", "there is no ACL 7"),
        ("set acl-plugin interface pg0 sideways acl 0", "input"),
        ("set acl-plugin acl permit src 10.0.0.1/24 dst 0.0.0.0/0", "10.0.0.0/24 would be right"),
        ("set acl-plugin acl permit src nonsense dst 0.0.0.0/0", "nonsense"),
        ("set acl-plugin acl permit src 10.0.0.0/33", "10.0.0.0/33"),
        ("set acl-plugin acl permit src 10.0.0.0/24 dst fd00::/64", "two families"),
        ("set acl-plugin acl permit src 10.0.0.0/24 src 10.0.0.0/24", "twice"),
        ("set acl-plugin acl permit proto 6 dport 80-70", "ends before it begins"),
        ("set acl-plugin acl permit proto 6 dport 70000", "65535"),
        ("set acl-plugin acl permit proto tcp", "tcp is 6"),
        ("set acl-plugin acl permit proto 256", "255"),
        ("set acl-plugin acl index 5 permit", "there is no ACL 5"),
        ("delete acl-plugin acl index 0", "pg0 input"),
        ("set acl-plugin interface pg0 input acl 0", "applied there already"),
        ("set acl-plugin interface pg1 output acl 0 del", "not applied"),
        ("set acl-plugin session timeout udp idle 0", "from 1 to"),
        ("set acl-plugin session timeout tcp bogus 3", "bogus"),
        ("set acl-plugin session table max-entries none", "none"),
        ("create packet-generator interface eth0", "set interface state eth0 up makes eth0"),
        ("create packet-generator interface Gig0 1", "pg0, pg1"),
        (
            "set interface state pg9 up",
            "there is no interface pg9; create packet-generator interface pg9",
        ),
        ("set interface state PG0 up", "did you mean pg0?"),
        ("set interface state nosuch up", "there is no interface nosuch"),
        ('set interface state "eth 0" up', "there is no interface eth 0"),
        ('set interface state "eth0,1" up', "there is no interface eth0,1"),
        ("set interface state eth\x1b0 up", "there is no interface"),
        (f"set interface state {'e' * 63}0 up", "there is no interface"),
        ("set interface ip address del eth0 10.0.0.1/24", "there is no interface eth0"),
        ("set acl-plugin interface eth0 input acl 0", "there is no interface eth0"),
        ("create packet-generator interface pg0", "exists already"),
        ("back 0", "0: by at least 1"),
        ("forward 0 packets", "0: by at least 1"),
        ("delete packet-generator interface local0", "cannot be deleted"),
        ("set interface ip address pg0 10.0.0.1", "prefix length"),
        ("set interface ip address del pg0 10.0.0.1/24", "no such address"),
        ("set interface mac address pg0 zz", "MAC"),
        ("set interface rx-placement pg0 worker 2", "workers 0 to 1"),
        ("ip route add 10.9.0.0/16 via 1.2.3.4", "no interface leads"),
        ("ip route del 10.9.0.0/16", "no route"),
        ("show acl-plugin nonsense", "nonsense"),
        ("show acl-plugin interface sw_if_index 9", "there is no sw_if_index 9"),
        ("sh acl-plugin", "missing"),
        ("bogus", "bogus"),
    ],
)
def test_refusals_say_why_and_change_nothing(bench: Workbench, line: str, says: str) -> None:
    """What was asked, what is there, what would be right; the state is as before."""
    before = bench.snapshot(), bench.cli("show acl-plugin acl")
    with pytest.raises(CommandError) as refusal:
        bench.cli(line)
    assert says in str(refusal.value)
    assert (bench.snapshot(), bench.cli("show acl-plugin acl")) == before


def test_replacing_an_acl_leaves_sessions_alone(bench: Workbench) -> None:
    """`set acl-plugin acl index N` swaps the rules in place."""
    assert bench.cli("set acl-plugin acl index 0 deny, permit tag swapped") == "ACL index:0"
    assert "count 2 tag {swapped}" in bench.cli("show acl-plugin acl index 0")
    assert "input acl(s): 0" in bench.cli("show acl-plugin interface")


def test_freed_acl_indices_are_handed_out_last_freed_first(bench: Workbench) -> None:
    """As VPP's pools do; in the transcript too."""
    for index in (1, 2, 3):
        assert bench.cli("set acl-plugin acl permit") == f"ACL index:{index}"
    for index in (3, 1, 2):
        assert bench.cli(f"delete acl-plugin acl index {index}") == f"Deleted ACL index:{index}"
    made = [bench.cli("set acl-plugin acl permit") for _ in range(4)]
    assert made == ["ACL index:2", "ACL index:1", "ACL index:3", "ACL index:4"]


def test_freed_interface_indices_are_handed_out_last_freed_first(bench: Workbench) -> None:
    """But none whose sessions are still being cleared."""
    for name in ("pg2", "pg3", "pg4"):
        bench.cli(f"create packet-generator interface {name}")
    for name in ("pg4", "pg2", "pg3"):
        bench.cli(f"delete packet-generator interface {name}")
        bench.advance("0.01")
    for name in ("pg5", "pg6", "pg7", "pg8"):
        bench.cli(f"create packet-generator interface {name}")
    indices = {i.name: i.sw_if_index for i in bench.snapshot().interfaces}
    assert [indices[name] for name in ("pg5", "pg6", "pg7", "pg8")] == [4, 3, 5, 6]


def test_an_index_is_not_free_before_its_clear_is_done(bench: Workbench) -> None:
    bench.cli("delete packet-generator interface pg1")
    assert any(i.deleted for i in bench.snapshot().interfaces)
    bench.cli("create packet-generator interface pg2")
    index = next(i.sw_if_index for i in bench.snapshot().interfaces if i.name == "pg2")
    assert index == 3


def test_abbreviations_as_in_vpp(bench: Workbench) -> None:
    """The short forms that VPP's users type."""
    assert bench.cli("sh acl-plugin int") == bench.cli("show acl-plugin interface")
    assert bench.cli("sh acl-plugin sess") == bench.cli("show acl-plugin sessions")
    bench.cli("set int ip address pg1 192.168.0.1/24")
    assert "192.168.0.1/24" in bench.snapshot().interfaces[2].addresses


def test_sessions_block_has_the_2017_labels(bench: Workbench) -> None:
    """The per-worker block of `show acl-plugin sessions`, in the commit's order."""
    printed = bench.cli("show acl-plugin sessions")
    labels = [
        "Per-worker data:",
        "Worker #0:",
        "  Next expiry time:",
        "  Requeue until time:",
        "  Current time wait interval:",
        "  Count of deleted sessions:",
        "  Delete already deleted:",
        "  Session timers restarted:",
        "  Swipe until this time:",
        "  sw_if_index serviced bitmap:",
        "  pending clear intfc bitmap :",
        "  clear in progress:",
        "  interrupt is pending:",
        "  interrupt is needed:",
        "  interrupt is unwanted:",
        "Worker #1:",
        "Worker #2:",
        "Conn cleaner thread counters:",
        "delete_by_sw_index events",
        "total event cycles",
    ]
    at = 0
    for label in labels:
        at = printed.index(label, at)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pa di", ("packet-generator", "disable-stream")),
        ("cl tr", ("clear", "trace")),
        ("cr pa int pg7", ("create", "packet-generator", "interface")),
        ("ex x", ("exec",)),
    ],
)
def test_abbreviations_of_vpp_s_words_are_vpp_s(line: str, words: tuple[str, ...]) -> None:
    """However many commands of ours begin like them; ours are reached by a letter more."""
    parsed = Workbench().lines.table.parse(line, Workbench())
    assert parsed is not None
    typed = tuple(item.name for item in parsed.path if item.kind == "word")
    assert typed == words


def test_ours_are_abbreviated_too() -> None:
    """Where no word of VPP's is meant."""
    assert Workbench().cli("lists") == Workbench().cli("lis")


@pytest.mark.parametrize(
    ("line", "nearest", "listed_by"),
    [("shwo errors", "show", "`help`"), ("show acl-plugn", "acl-plugin", "`help show`")],
)
def test_of_many_words_three_are_named(
    bench: Workbench, line: str, nearest: str, listed_by: str
) -> None:
    """And what lists the rest."""
    with pytest.raises(CommandError) as refusal:
        bench.cli(line)
    suggested = str(refusal.value).split("did you mean ")[1].split("?")[0].replace(" or ", ", ")
    assert len(suggested.split(", ")) == 3
    assert nearest in suggested.split(", ")
    assert listed_by in str(refusal.value)
    assert len(str(refusal.value)) < 160
