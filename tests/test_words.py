"""Numbers of things are said as a person says them."""

from __future__ import annotations

import pytest

from aclbench.words import counted


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [(0, "packet", "0 packets"), (1, "packet", "1 packet"), (1234, "flow", "1,234 flows"),
     (2, "branch", "2 branches"), (1, "branch", "1 branch")],
)  # fmt: skip
def test_one_and_many(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said
