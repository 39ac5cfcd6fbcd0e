"""Numbers of things are said as a person says them."""

from __future__ import annotations

import pytest

from aclbench.words import counted, ordinal


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [(0, "packet", "0 packets"), (1, "packet", "1 packet"), (1234, "flow", "1,234 flows"),
     (2, "branch", "2 branches"), (1, "branch", "1 branch")],
)  # fmt: skip
def test_one_and_many(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said


def test_ordinals() -> None:
    said = {n: ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 111, 241, 1002)}
    assert list(said.values()) == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "111th", "241st", "1,002nd"
    ]  # fmt: skip
