"""Lines that know what stands in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.drawing import POINTER, Line, drawing, heading
from aclbench.tui.targets import BranchTarget, RowTarget
from aclbench.tui.words import Words, last_words
from tui.looking import PLAIN, WIDTHS, few

WORDS = st.text(st.sampled_from("ab ›…≠"), max_size=30)
PIECES = st.lists(st.tuples(WORDS, st.booleans()), max_size=6)


def line_of(pieces: list[tuple[str, bool]]) -> Line:
    line = Line(" ")
    for number, (text, can_be_pointed_at) in enumerate(pieces):
        line.add(text, target=RowTarget(str(number)) if can_be_pointed_at else None)
    return line


@few
@given(pieces=PIECES, width=st.integers(1, 60))
def test_a_line_that_is_cut_has_no_spot_outside(pieces: list[tuple[str, bool]], width: int) -> None:
    whole = line_of(pieces)
    cut = line_of(pieces).fit(width)
    assert len(cut) == min(len(whole), width)
    assert all(0 <= start < end <= len(cut) for start, end, _ in cut.spots)
    if len(whole) <= width:
        assert cut.spots == whole.spots


def test_what_is_written_is_seen() -> None:
    """No control of it reaches the terminal, and each spot is as wide as what is shown of it."""
    line = Line("\x1b]0;a").add("\u202e\n", target=RowTarget("1"))
    assert line.text.plain == r"\x1b]0;a\u202e\x0a"
    assert line.spots == [(8, 18, RowTarget("1"))]


def test_words_are_seen() -> None:
    words = Words("\x1b]0;a\n\u202e")
    assert str(words.render()) == "\\x1b]0;a\n\\u202e"
    words.say("\x9b2J\n\x07")
    assert str(words.render()) == "\\x9b2J\n\\x07"
    assert last_words("\x9b2J\n\x07").plain == "\\x9b2J\n\\x07"


def test_what_is_appended_can_be_pointed_at_without_its_blanks() -> None:
    line = Line("  ").add("one", target=RowTarget("1")).add(" two  ", target=RowTarget("2"))
    shown = drawing([line])
    assert shown.at(0, 1) is None
    assert shown.at(0, 2) == shown.at(0, 4) == RowTarget("1")
    assert shown.at(0, 8) == RowTarget("2")
    assert shown.at(0, 9) is None
    assert shown.at(1, 2) is None
    assert shown.at(-1, 2) is None


def test_blanks_alone_are_nothing_to_point_at() -> None:
    assert Line().add("   ", target=RowTarget("1")).spots == []


def test_a_joined_line_brings_its_spots() -> None:
    tail = Line("..").add("x", target=RowTarget("x"))
    line = Line("head ").join(tail)
    assert line.spots == [(7, 8, RowTarget("x"))]
    assert line.plain[7] == "x"


def test_of_spots_within_each_other_the_narrowest_is_meant() -> None:
    line = Line(" ").add("name", target=RowTarget("inner")).add(" and more")
    line.point_at(BranchTarget("outer"))
    shown = drawing([line])
    assert shown.at(0, 2) == RowTarget("inner")
    assert shown.at(0, 9) == BranchTarget("outer")


def test_spots_come_in_reading_order() -> None:
    line = Line("abcdef")
    line.spots += [(4, 5, RowTarget("e")), (1, 2, RowTarget("b"))]
    below = Line("x", "").point_at(RowTarget("x"), 0)
    found = [spot.target for spot in drawing([line, below]).spots()]
    assert found == [RowTarget("b"), RowTarget("e"), RowTarget("x")]


def test_what_is_selected_has_a_pointer_and_nothing_moves() -> None:
    target = RowTarget("two")
    shown = drawing([Line(" one"), Line("  ").add("two", target=target), Line(" three")])
    before = shown.plain
    text = shown.render(target, PLAIN).plain
    assert text == f" one\n {POINTER}two\n three"
    assert shown.plain == before
    assert shown.render(RowTarget("another"), PLAIN).plain == before
    assert shown.render(None, PLAIN).plain == before


def test_what_goes_over_two_lines_has_one_pointer() -> None:
    target = RowTarget("two lines")
    shown = drawing([Line("  ").add(text, target=target) for text in ("two", "lines")])
    text = shown.render(target, PLAIN)
    assert text.plain == f" {POINTER}two\n  lines"
    looks = [text.plain[s.start : s.end] for s in text.spans if s.style == PLAIN.selected]
    assert looks == ["two", "lines"]


@few
@given(count=st.integers(0, 9), height=st.integers(-3, 12))
def test_a_drawing_has_just_the_height_asked_for(count: int, height: int) -> None:
    shown = drawing([Line(str(n)) for n in range(count)], height)
    assert len(shown.lines) == max(height, 0)
    numbers = [line.plain for line in shown.lines if line.plain]
    assert numbers == [str(n) for n in range(min(count, max(height, 0)))]


@few
@given(left=WORDS, right=WORDS, width=WIDTHS)
def test_a_heading_fills_its_width(left: str, right: str, width: int) -> None:
    assert len(heading(left, right, width, PLAIN)) == width
