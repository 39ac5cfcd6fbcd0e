"""A lesson on paper: what anybody wrote in it is seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aclbench.tutor.grading import one_line
from aclbench.tutor.handout import Handout, Section, as_html, as_markdown

TEXT = "a\x1b]0;title\x07\x9b2J\u202eb"
SEEN = r"a\x1b]0;title\x07\x9b2J\u202eb"


@pytest.mark.parametrize("form", [as_markdown, as_html])
def test_a_handout_is_seen(form: Callable[[Handout], str]) -> None:
    handout = Handout(TEXT, TEXT, (Section(TEXT, TEXT),), (Section("Answers", TEXT),))
    text = form(handout)
    assert text.replace("\n", "").isprintable()
    assert text.count(SEEN) >= 6


def test_a_message_on_one_line_is_seen() -> None:
    assert one_line(f"one\n  {TEXT}\x85 two") == rf"one {SEEN}\x85 two"
