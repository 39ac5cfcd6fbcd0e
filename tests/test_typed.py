"""What a terminal sends, as text: all that can be typed, and no more, however it comes in parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aclbench.terminal import FLOOD_S, MAX_FLOOD, MAX_PASTE, PASTE_BEGINS, PASTE_ENDS, Typed


def taken(data: bytes, size: int) -> str:
    typed = Typed()
    return "".join(typed.take(data[at : at + size]) for at in range(0, len(data), size))


@given(st.text(st.characters(exclude_categories=("Cs",))), st.integers(1, 9))
def test_text_comes_through_in_any_parts(text: str, size: int) -> None:
    assert taken(text.encode(), size) == text


@given(st.binary(), st.integers(1, 9))
def test_what_is_no_utf8_is_left_out(data: bytes, size: int) -> None:
    assert data.decode("utf-8", "ignore").startswith(taken(data, size))


@given(st.integers(1, 9), st.integers(0, 9))
def test_a_paste_is_cut_and_its_end_is_found(size: int, over: int) -> None:
    pasted = "x" * (MAX_PASTE - 5 + over)
    text = taken(f"a{PASTE_BEGINS}{pasted}{PASTE_ENDS}b".encode(), 4096 + size)
    before, _, rest = text.partition(PASTE_BEGINS)
    inside, end, after = rest.partition(PASTE_ENDS)
    assert (before, end, after) == ("a", PASTE_ENDS, "b")
    assert pasted.startswith(inside)
    assert min(len(pasted), MAX_PASTE - len(PASTE_ENDS)) <= len(inside) <= MAX_PASTE


def test_a_flood_is_left_out_until_it_pauses() -> None:
    now = 0.0
    typed = Typed(limits_flood=True, clock=lambda: now)
    assert typed.take(b"x" * MAX_FLOOD) == "x" * MAX_FLOOD
    assert typed.take(b"y") == ""
    now = 10 * FLOOD_S
    assert typed.take(b"y") == ""
    typed.pause()
    assert typed.take(b"z") == "z"
