"""How times and counts are written."""

from __future__ import annotations

import pytest

from aclbench.tui.units import (
    NS_PER_S,
    SHORT_WIDTH,
    clock_text,
    fit,
    short_count,
    short_time,
    span_text,
    stamp_text,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "+0.000 s"),
        (12.3456, "+12.345 s"),
        (125.5, "+2 min 05.500 s"),
        (3600 + 62.25, "+1 h 01 min 02.2 s"),
        (3 * 86400 + 4 * 3600 + 300 + 6, "+3 d 04 h 05 min 06 s"),
    ],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock_text(round(seconds * NS_PER_S)) == text


def test_stamp() -> None:
    assert stamp_text(3_907_353_999) == "+3.907353"


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


def test_fit_cuts_between_words() -> None:
    assert fit("one two three", 20) == "one two three"
    assert fit("one two three", 11) == "one two…"
    assert fit("abcdef", 4) == "abc…"
    assert fit("abcdef", 1) == "…"
