"""The cursor in a list of rows: where it is, and what is in sight."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aclbench.tui.drawing import Line
from aclbench.tui.rows import Rows
from aclbench.tui.targets import RowTarget
from tui.looking import few


def tall(row: int) -> int:
    """How many lines a row has: not all have the same."""
    return 1 + row % 3


def lines_of(row: int, number: int) -> list[Line]:
    return [Line(str(row)), *(Line(f"more of {row}") for _ in range(tall(row) - 1))]


def one_line(row: int, number: int) -> list[Line]:
    return [Line(str(row))]


def shown(rows: Rows[int], values: list[int], height: int) -> list[str]:
    lines = rows.show(values, height, lines_of)
    assert len(lines) <= height
    return [line.plain for line in lines]


def rows_of(follows: bool) -> Rows[int]:
    return Rows(lambda row: row, follows)


HEIGHT = st.integers(1, 9)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(-9, 9)),
        st.tuples(st.just("page"), st.sampled_from((-1, 1))),
        st.tuples(st.just("end"), st.booleans()),
        st.tuples(st.just("come"), st.integers(1, 5)),
        st.tuples(st.just("go"), st.integers(1, 5)),
        st.tuples(st.just("height"), HEIGHT),
    ),
    max_size=12,
)


@few
@given(follows=st.booleans(), moves=MOVES, height=HEIGHT)
def test_the_cursor_is_always_in_sight(
    follows: bool, moves: list[tuple[str, int]], height: int
) -> None:
    rows, values, following = rows_of(follows), list(range(20)), 20
    shown(rows, values, height)
    for what, by in moves:
        if what == "move":
            rows.move(by)
        elif what == "page":
            rows.move_page(by)
        elif what == "end":
            rows.move_to_end(bool(by))
        elif what == "come":
            values = values + list(range(following, following + by))
            following += by
        elif what == "go":
            values = values[by:]
        else:
            height = by
        text = shown(rows, values, height)
        current = rows.current()
        if values:
            assert current is not None
            assert str(current) in text
            # In sight as a whole, if there is room for it.
            assert text.count(f"more of {current}") == min(tall(current), height) - 1
        else:
            assert (current, text) == (None, [])


@few
@given(
    at=st.integers(0, 19),
    gone=st.sets(st.integers(0, 19)),
    before=st.integers(0, 9),
    behind=st.integers(0, 9),
    follows=st.booleans(),
)
def test_the_cursor_stays_on_its_row_when_others_come_and_go(
    at: int, gone: set[int], before: int, behind: int, follows: bool
) -> None:
    rows = rows_of(follows)
    shown(rows, list(range(20)), 6)
    rows.move(-30)
    rows.move(at)
    shown(rows, list(range(20)), 6)
    others = [row for row in range(20) if row == at or row not in gone]
    values = [100 + n for n in range(before)] + others + [200 + n for n in range(behind)]
    text = shown(rows, values, 6)
    assert rows.current() == at
    assert str(at) in text


def test_it_follows_the_end_until_it_is_moved_and_again_at_the_end() -> None:
    rows = rows_of(follows=True)
    rows.show([1, 2], 5, one_line)
    assert rows.free
    assert rows.current() == 2
    rows.show([1, 2, 3], 5, one_line)
    assert rows.current() == 3
    rows.move(-1)
    assert not rows.free
    rows.show([1, 2, 3, 4], 5, one_line)
    assert rows.current() == 2
    rows.move_to_end(True)
    assert rows.free
    rows.show([1, 2, 3, 4, 5], 5, one_line)
    assert rows.current() == 5


def test_it_stands_at_the_beginning_where_the_best_comes_first() -> None:
    rows = rows_of(follows=False)
    rows.show([5, 6], 5, one_line)
    rows.show([4, 5, 6], 5, one_line)
    assert rows.current() == 4
    rows.move_to_end(True)
    rows.show([4, 5, 6, 7], 5, one_line)
    assert rows.current() == 6
    rows.reset()
    rows.show([4, 5, 6, 7], 5, one_line)
    assert rows.current() == 4


def test_a_row_that_is_gone_leaves_the_cursor_where_it_was() -> None:
    rows = rows_of(follows=False)
    rows.show([1, 2, 3, 4], 5, one_line)
    rows.move(2)
    rows.show([1, 2, 4], 5, one_line)
    assert rows.current() == 4
    rows.show([1, 2, 3, 4], 5, one_line)  # it is back, but the cursor is on another by now
    assert rows.current() == 4
    rows.show([1], 5, one_line)
    assert rows.current() == 1
    rows.show([], 5, one_line)
    assert rows.current() is None
    rows.move(1)
    rows.move_page(1)
    rows.move_to_end(True)
    assert rows.show([], 5, one_line) == []


def test_a_page_is_what_is_in_sight_but_for_one_row() -> None:
    rows = rows_of(follows=False)
    values = list(range(100))
    rows.show(values, 10, one_line)
    rows.move_page(1)
    rows.show(values, 10, one_line)
    assert rows.current() == 9
    rows.move_page(1)
    text = [line.plain for line in rows.show(values, 10, one_line)]
    assert rows.current() == 18
    assert "9" in text
    rows.move_page(-1)
    rows.move_page(-1)
    rows.show(values, 10, one_line)
    assert rows.current() == 0


@few
@given(follows=st.booleans(), count=st.integers(1, 40), height=HEIGHT)
def test_pages_go_by_every_row(follows: bool, count: int, height: int) -> None:
    rows, values = rows_of(follows), list(range(count))
    shown(rows, values, height)
    rows.move_to_end(False)
    seen = {line for line in shown(rows, values, height) if " " not in line}
    for _ in range(count):
        rows.move_page(1)
        seen |= {line for line in shown(rows, values, height) if " " not in line}
    assert rows.current() == count - 1
    assert seen == {str(value) for value in values}


def test_a_row_is_picked_by_what_it_points_at() -> None:
    rows = rows_of(follows=True)
    rows.show([1, 2, 3], 5, one_line)
    assert rows.pick(RowTarget("2"), lambda row: RowTarget(str(row)))
    rows.show([1, 2, 3, 4], 5, one_line)
    assert rows.current() == 2
    assert not rows.pick(RowTarget("9"), lambda row: RowTarget(str(row)))
    assert rows.current() == 2


def test_the_end_stands_at_the_bottom_when_there_is_more_room() -> None:
    rows = rows_of(follows=True)
    values = list(range(10))
    rows.show(values, 3, one_line)
    text = [line.plain for line in rows.show(values, 6, one_line)]
    assert text == ["4", "5", "6", "7", "8", "9"]
