"""What a line has to be copied is not torn apart where it is wrapped."""

from __future__ import annotations

import shlex

import pytest

from aclbench.capture.guess import inside_options
from aclbench.workbench.inquiry.wrapping import WIDTH, wrapped, wrapped_text


@pytest.mark.parametrize("lead", range(0, 76, 5))
def test_options_can_be_pasted_into_a_shell(lead: int) -> None:
    """An option keeps its value; where a line ends between two, a backslash says so."""
    options = inside_options(["10.0.0.0/24", "fd00:1::/64", "2001:db8:1234:5678::/64"])
    rows = wrapped_text(f"{'x' * lead} {options}", "  ", "      ")
    assert all(len(row) <= WIDTH for row in rows)
    pasted = "\n".join(rows).strip().removeprefix("x" * lead)
    assert shlex.split(pasted.replace("\\\n", "")) == options.split()
    assert not any(row.endswith("--inside") for row in rows)


def test_a_rule_and_a_command_stay_in_one_line() -> None:
    rule = "permit+reflect src fd00:1::6/128 dst fd00:2::2c/128 proto 6 sport 1025 dport 7"
    line = "set acl-plugin interface pg0 input acl 3 del"
    words = "what would have let it pass, as far as anybody can tell from here:"
    assert rule in (row.strip() for row in wrapped([(2, f"{words} {rule}")]))
    assert line in (row.strip() for row in wrapped([(2, f"{words} {line}")]))


def test_other_text_is_wrapped_at_its_words() -> None:
    text = "deny or permit, set or not set: " + "words " * 40
    rows = wrapped([(1, text)])
    assert " ".join(row.strip() for row in rows) == text.strip()
    assert all(len(row) <= WIDTH for row in rows)
    assert not any("\\" in row for row in rows)
