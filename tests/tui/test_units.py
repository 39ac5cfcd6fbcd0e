"""How times and counts are written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aclbench.tui.units import (
    NS_PER_S,
    SHORT_WIDTH,
    fit,
    fit_middle,
    short_count,
    short_time,
    span_text,
)
from aclbench.workbench.views.clock import Clock
from tui.looking import few

NS = st.integers(0, 10_000 * 86_400 * NS_PER_S - 1)


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (100_000, "100 us"),
        (62_500_000, "62.5 ms"),
        (125_000_000, "0.125 s"),
        (500_000_000, "0.5 s"),
        (85 * NS_PER_S, "85 s"),
        (600 * NS_PER_S, "10 min"),
        (7500 * NS_PER_S, "2 h 5 min"),
        (86400 * NS_PER_S, "1 d"),
    ],
)
def test_span(ns: int, text: str) -> None:
    assert span_text(ns) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0.00s"),
        (9_999_999_999, "9.99s"),
        (99_999_999_999, "99.9s"),
        (999 * NS_PER_S, "999s"),
        (3599 * NS_PER_S, "59m"),
        (7500 * NS_PER_S, "2h05m"),
        (86400 * NS_PER_S, "24h"),
        (500 * 3600 * NS_PER_S, "20d"),
    ],
)
def test_short_time(ns: int, text: str) -> None:
    assert short_time(ns) == text
    assert len(text) <= SHORT_WIDTH


def test_short_time_is_never_too_wide() -> None:
    assert all(len(short_time(2**n)) <= SHORT_WIDTH for n in range(58))


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (9999, "9,999"), (10_000, "10.0k"), (999_999, "999k"), (1_234_567, "1.23M")],
)
def test_short_count(count: int, text: str) -> None:
    assert short_count(count) == text


def test_a_name_is_cut_in_its_middle() -> None:
    """Two ports of one card stay apart."""
    assert fit_middle("pg0", 10) == "pg0"
    assert fit_middle("GigabitEthernet3/0/0", 10) == "Gigab…/0/0"
    assert fit_middle("GigabitEthernet3/0/0", 10) != fit_middle("GigabitEthernet3/0/1", 10)
    assert [len(fit_middle("BondEthernet0.100", width)) for width in (1, 2, 5, 17)] == [1, 2, 5, 17]


def test_fit_cuts_between_words() -> None:
    assert fit("one two three", 20) == "one two three"
    assert fit("one two three", 11) == "one two…"
    assert fit("abcdef", 4) == "abc…"
    assert fit("abcdef", 1) == "…"
    assert fit("a\x9b2J\n", 20) == r"a\x9b2J\x0a"


@few
@given(count=st.integers(0, 10**12 - 1))
def test_short_count_is_never_too_wide_nor_too_much(count: int) -> None:
    text = short_count(count)
    assert len(text) <= SHORT_WIDTH
    scale = {"G": 10**9, "M": 10**6, "k": 10**3}.get(text[-1], 1)
    value = float(text.rstrip("GMk").replace(",", "")) * scale
    assert count * 0.9 - 1 <= value <= count * (1 + 1e-9)


@few
@given(one=NS, other=NS)
@example(one=864 * 10**15 - 59, other=0)
def test_times_for_a_column_fit_it_and_grow(one: int, other: int) -> None:
    assert len(Clock(0).display(one)) <= len("+9999 d 23 h 59 min 59 s")
    first, second = sorted((one, other))
    assert float(Clock(0).stamp(first)) <= float(Clock(0).stamp(second))


@few
@given(ns=st.integers(0, 900 * 365 * 86_400 * NS_PER_S))
@example(ns=10_000 * 86_400 * NS_PER_S)
def test_a_short_time_fits_its_column(ns: int) -> None:
    assert len(short_time(ns)) <= len("2h05m")


@few
@given(text=st.text(st.sampled_from("ab  "), max_size=40), width=st.integers(0, 50))
def test_fit_fits_and_says_that_it_cut(text: str, width: int) -> None:
    shown = fit(text, width)
    assert len(shown) <= width
    if len(text) <= width:
        assert shown == text
    elif width:
        assert shown.endswith("…")
        assert text.startswith(shown[:-1])


@pytest.mark.parametrize("write", [Clock(0).display, Clock(0).stamp, short_time])
def test_what_lies_before_the_start_is_the_start(write: Callable[[int], str]) -> None:
    assert write(-5) == write(0)
