"""Questions are answered by the design that runs: it alone knows its rules."""

from __future__ import annotations

import pytest
from engine.bench import ACK, SYN, tcp_back, tcp_out, udp_out

from aclbench import Workbench
from aclbench.engine.acl import AclRule
from aclbench.engine.design import FIFO_2017, Design
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.matching import RuleCheck
from aclbench.engine.packet import FiveTuple
from aclbench.engine.pool import Session
from aclbench.engine.worker import Worker
from aclbench.workbench.inquiry.explain import explanation_text
from aclbench.workbench.inquiry.explain.tree import NodePart
from aclbench.workbench.inquiry.stories import list_story, session_story
from aclbench.workbench.tasks import finish


class OnlyEvenPorts(RuleCheck):
    """No rule matches a packet from an odd port."""

    def mismatch(
        self, rule: AclRule, five: FiveTuple, info: int, l4_match_nonfirst_fragment: bool
    ) -> str | None:
        """As ever, and then that."""
        field = super().mismatch(rule, five, info, l4_match_nonfirst_fragment)
        return "sport" if field is None and five.sport & 1 else field


class Merciful(IdleCheck):
    """Nothing is ever deleted by age."""

    def judge(self, worker: Worker, session: Session, now: int) -> bool:
        """Put it back."""
        session.last_active_time = now
        return super().judge(worker, session, now)


def bench_of(**parts: type) -> Workbench:
    return set_up(Workbench(1, design=Design("other", **parts)))  # type: ignore[arg-type]


def set_up(bench: Workbench) -> Workbench:
    for line in (
        "create packet-generator interface pg0",
        "create packet-generator interface pg1",
        "set interface state pg0 up",
        "set interface state pg1 up",
        "set interface ip address pg0 10.0.0.254/24",
        "set interface ip address pg1 192.168.0.254/24",
        "set acl-plugin acl permit+reflect",
        "set acl-plugin interface pg0 input acl 0",
        "set acl-plugin session timeout udp idle 1",
    ):
        bench.cli(line)
    return bench


def test_explain_says_what_the_designs_own_rule_check_found() -> None:
    bench = bench_of(rule_check=OnlyEvenPorts)
    bench.send("pg0", [udp_out(1001), udp_out(1000)])
    denied, permitted = bench.explain(1), bench.explain(2)
    node = denied.path[0]
    assert isinstance(node, NodePart)
    assert [tried.field for tried in node.tried] == ["sport"]
    assert permitted.verdict.fate == "permitted"
    asked = bench.explain("pg0 udp 10.0.0.1:7 > 192.168.0.1:9")
    assert asked.verdict.fate == "denied"
    assert "sport 7 is not" in explanation_text(asked)


@pytest.mark.parametrize(("part", "fate"), [(IdleCheck, "deleted"), (Merciful, "requeued")])
def test_what_comes_next_is_what_the_designs_own_idle_check_does(part: type, fate: str) -> None:
    bench = bench_of(idle_check=part)
    bench.send("pg0", [udp_out(1000)])
    check = finish(session_story(bench, 1, 0)).next
    assert check is not None
    assert check.fate == fate
    bench.advance("0.9")
    assert [each.fate for each in finish(list_story(bench, 1, 0)).first] == ["left"]
    bench.advance("0.3")
    assert [each.fate for each in finish(list_story(bench, 1, 0)).first] == [fate]


def test_lists_have_the_designs_names() -> None:
    lists = tuple(f"list-{number}" for number in range(3))
    bench = Workbench(1, design=Design("other", lists=lists))
    assert finish(list_story(bench, 1, 0)).title.startswith("list-0 of vpp_wk_0")
    assert FIFO_2017.lists != lists


def test_where_recycling_is_in_vain_it_is_said_why() -> None:
    """The table is full, a session was recycled, and that has its place still."""
    bench = set_up(Workbench(1, design="two-stage"))
    bench.cli("set acl-plugin session table max-entries 1")
    bench.send("pg0", [tcp_out(SYN, 1), tcp_out(SYN, 2)])
    bench.send("pg1", [tcp_back(SYN | ACK, 2)])
    denied = " ".join(bench.cli("explain 2").split())
    assert "session 0, which vpp_wk_0 recycled for it, rests in purgatory and has its" in denied
    assert "tcp, which rests in purgatory" in denied
    assert "no tcp_transient session" not in denied
