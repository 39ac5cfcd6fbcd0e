"""A configuration saved as commands makes the same configuration again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench import AclbenchError, CommandError, Workbench
from aclbench.engine.fib import Source
from aclbench.workbench.rig.configuration import configuration_lines

PREFIXES = ("0.0.0.0/0", "10.0.0.0/8", "10.1.2.3/32", "::/0", "fd00::/16", "fd00:1::7/128")
ADDRESSES = ("10.0.0.1/24", "10.0.1.1/30", "192.168.0.1/24", "fd00:1::1/64", "172.16.0.1/32")
NAME = st.integers(0, 4).map(lambda n: f"pg{n}")
ACL = st.integers(0, 4)
PORTS = st.sampled_from(("80", "0-65535", "1024-2047", "0"))
RULE = st.tuples(
    st.sampled_from(("permit", "deny", "permit+reflect")),
    st.lists(
        st.one_of(
            st.sampled_from(PREFIXES).map("src {}".format),
            st.sampled_from(PREFIXES).map("dst {}".format),
            st.sampled_from((0, 1, 6, 17, 58)).map("proto {}".format),
            PORTS.map("sport {}".format),
            PORTS.map("dport {}".format),
            st.just("tcpflags 2 mask 18"),
        ),
        max_size=4,
        unique_by=lambda part: part.split()[0],
    ),
).map(lambda rule: " ".join([rule[0], *rule[1]]))
RULES = st.lists(RULE, min_size=1, max_size=3).map(", ".join)
LINE = st.one_of(
    NAME.map("create packet-generator interface {}".format),
    NAME.map("create packet-generator interface {}".format),
    NAME.map("delete packet-generator interface {}".format),
    st.just("wait"),
    st.tuples(NAME, st.sampled_from(ADDRESSES)).map("set int ip address {0[0]} {0[1]}".format),
    NAME.map("set int state {} up".format),
    NAME.map("set int mac address {} 02:00:00:00:00:aa".format),
    st.tuples(NAME, st.integers(0, 1)).map("set int rx-placement {0[0]} worker {0[1]}".format),
    st.tuples(st.sampled_from(PREFIXES), NAME).map("ip route add {0[0]} via {0[1]}".format),
    st.tuples(st.sampled_from(PREFIXES), NAME).map(
        "ip route add {0[0]} via 10.0.0.9 {0[1]}".format
    ),
    st.just("ip route add 8.8.8.8/32 via local"),
    RULES.map("set acl-plugin acl {}".format),
    st.tuples(RULES, st.sampled_from(("t1", '"two words"', "deny", '"a, b"'))).map(
        "set acl-plugin acl {0[0]} tag {0[1]}".format
    ),
    ACL.map("delete acl-plugin acl index {}".format),
    st.tuples(NAME, st.sampled_from(("input", "output")), ACL).map(
        "set acl-plugin interface {0[0]} {0[1]} acl {0[2]}".format
    ),
    st.sampled_from(
        (
            "set acl-plugin session timeout udp idle 7",
            "set acl-plugin session timeout tcp transient 3",
            "set acl-plugin session timeout tcp idle 4000000",
            "set acl-plugin session table max-entries 5",
            "set acl-plugin skip-ipv6-extension-header 0 0",
            "set acl-plugin skip-ipv6-extension-header 51 1",
            "set acl-plugin l4-match-nonfirst-fragment 0",
            "set acl-plugin reclassify-sessions 1",
            "acl_stats_intf_counters_enable",
            "acl_stats_intf_counters_enable disable",
            "placement flow",
            "placement interface",
            "set bench quantum 3",
            "set bench wait-max 2s",
            "set bench wait-max 1500us",
            "set bench wait-max 1us",
            "set bench wait-min 1us",
            "set bench wait-min 1s",
        )
    ),
)


def configuration(bench: Workbench) -> dict[str, Any]:
    """What commands have made of a bench, field by field."""
    am = bench.rig.machine.am
    kept = (
        "session_timeout",
        "shortest_timeout",
        "conn_table_max_entries",
        "max_deleted_sessions_per_interval",
        "wait_interval_min",
        "wait_interval_max",
        "l4_match_nonfirst_fragment",
        "extension_headers",
        "flow_placement",
        "reclassify_sessions",
        "interface_acl_counters_enabled",
    )
    shown = ("sw_if_index", "name", "admin_up", "mac", "addresses", "input_acls", "output_acls")
    return {
        "main": {name: getattr(am, name) for name in kept},
        "interfaces": [
            {name: getattr(i, name) for name in (*shown, "rx_thread")}
            for i in am.interfaces
            if i is not None and not i.deleted
        ],
        "free": (am.free_sw_if_indices, am.free_acl_indices),
        "acls": {n: (acl.rules, acl.tag) for n, acl in am.acls.items()},
        "fib": {(e.prefix, e.source, e.sw_if_index) for e in am.fib.entries},
        "routes": [e for e in am.fib.entries if e.source == Source.CLI],
        "contexts": [c for c in am.shown.lookup_contexts if c is not None],
    }


def run_on(bench: Workbench, lines: list[str]) -> Workbench:
    for line in lines:
        bench.cli(line)
    return bench


@examples(40)
@given(st.lists(LINE, max_size=40), st.sampled_from(("interface", "flow")))
def test_saved_lines_make_the_same_configuration(lines: list[str], placement: Any) -> None:
    bench = Workbench(workers=2, placement=placement, history=False)
    for line in lines:
        if line == "wait":
            bench.advance("0.01")  # a deleted interface's index is free
            continue
        try:
            bench.cli(line)
        except CommandError:
            continue
    saved = configuration_lines(bench.rig)
    other = run_on(Workbench(workers=2, history=False), saved)
    assert configuration(other) == configuration(bench)
    assert configuration_lines(other.rig) == saved
    other.advance(1)
    assert configuration_lines(other.rig) == saved, "nor does it matter that gaps are free by now"


def test_save_writes_a_file_and_takes_no_captures(tmp_path: Path) -> None:
    bench = run_on(Workbench(), ["create packet-generator interface pg0", "set bench quantum 9"])
    file = tmp_path / "f.cli"
    assert bench.cli(f"save {file}") == f"saved {file}"
    text = file.read_text()
    again = run_on(Workbench(), text.splitlines())
    with pytest.raises(AclbenchError, match=r"f.cli is there already; `save .* force`"):
        again.cli(f"save {file}")
    again.cli(f"save {file} force")
    again.cli(f"save {file}")  # its own
    assert file.read_text() == text
    with pytest.raises(CommandError, match="no captures"):
        bench.cli(f"save {file} with-captures")
    with pytest.raises(CommandError, match="cannot be written"):
        bench.cli(f"save {tmp_path}/none/f.cli")
    with pytest.raises(CommandError, match=r"\.run.*\.cli"):
        bench.cli(f"save {tmp_path}/f.txt")
