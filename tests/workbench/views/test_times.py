"""Times in arguments: exact, or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aclbench import CommandError, Workbench
from aclbench.engine.events import PacketVerdict, TraceEvent
from aclbench.workbench.grammar import ArgumentError
from aclbench.workbench.rig.bundled import find_input
from aclbench.workbench.rig.scenario_file import load_scenario
from aclbench.workbench.views.times import UNITS_NS, Moment, read_length, read_moment

HOUR_NS = 3600 * 10**9


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("10s", 10 * 10**9),
        ("500ms", 500 * 10**6),
        ("250us", 250_000),
        ("1ns", 1),
        ("2min", 120 * 10**9),
        ("1h", HOUR_NS),
        ("0.5", 5 * 10**8),
        (".5h", HOUR_NS // 2),
        ("12345678.123456789", 12_345_678_123_456_789),
    ],
)
def test_lengths_are_exact(text: str, ns: int) -> None:
    assert read_length(text) == ns


@given(st.integers(0, 10**18), st.sampled_from(sorted(UNITS_NS)))
def test_a_decimal_in_any_unit_is_the_nanoseconds_it_says(ns: int, unit: str) -> None:
    digits = len(str(UNITS_NS[unit])) - 1
    whole, part = divmod(ns, 10**digits)
    text = f"{whole}.{part:0{digits}d}{unit}" if digits else f"{whole}{unit}"
    value = ns * UNITS_NS[unit] // 10**digits
    if ns * UNITS_NS[unit] % 10**digits or value > 100 * 366 * 86400 * 10**9:
        with pytest.raises(ArgumentError):
            read_length(text)
    else:
        assert read_length(text) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1.5ns", "whole nanoseconds"),
        ("0.0000000001", "whole nanoseconds"),
        ("3 weeks", "weeks is no unit"),
        ("3d", "d is no unit"),
        ("-1s", "length of time"),
        ("1e9", "length of time"),
        (".", "length of time"),
        ("99999999h", "hundred years"),
        ("24:00:00", "no time of day"),
        ("12:60:00", "no time of day"),
        ("12:00", "time of day such as 12:00:05"),
        ("12:00:00+1", "time of day such as"),
        ("12:00:00+01:60", "no date and time"),
        ("2026-13-01T12:00:00Z", "no date and time"),
        ("2026-01-01T12:00:00+99:00", "no date and time"),
        ("2026-01-01 12:00", "such as 12:00:05"),
        ("2026-01-01T12:00:00.0000000001Z", "whole nanoseconds"),
    ],
)
def test_what_is_no_time_is_refused(text: str, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        read_moment(text)


def test_dates_have_zones_and_nanoseconds() -> None:
    text = "2026-01-01T12:00:00.000000001+01:30"
    zone = timezone(timedelta(minutes=90))
    assert read_moment(text) == Moment(43_200 * 10**9 + 1, True, date(2026, 1, 1), zone, text)
    for zone_text in ("Z", "UTC", " utc", "+00:00"):
        assert read_moment(f"9:00:05{zone_text}").zone == UTC
    assert read_moment("9:00:05").zone is None
    assert read_moment("2026-01-01 9:00:05").day == date(2026, 1, 1)


def test_a_date_is_read_off_the_captures_clock() -> None:
    """A packet's own date leads to the very instant at which the bench gets the packet."""
    bench = Workbench.from_scenario(load_scenario(find_input("aging")))
    heard: list[TraceEvent] = []
    bench.listeners.add(heard.append)
    bench.play(5)
    assert bench.rig.feed is not None
    last = [event for event in heard if isinstance(event, PacketVerdict)][-1]
    number, time_ns = last.number, last.time
    captured = bench.rig.feed.record(number)[0]
    text = datetime.fromtimestamp(captured // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    bench.cli("goto start")
    bench.cli(f"run until {text}.{captured % 10**9:09d}Z")
    assert bench.now == time_ns
    bench.cli("goto start")
    bench.cli(f"goto time {text}.{captured % 10**9:09d}+00:00")
    assert bench.now == time_ns
    with pytest.raises(CommandError, match="none here"):
        Workbench().cli("run until 2026-01-01T12:00:00Z")


def test_goto_takes_all_ways_to_say_a_time() -> None:
    bench = Workbench()
    bench.cli("run 10s")
    for text, ns in (("+2.5s", 25 * 10**8), ("500ms", 5 * 10**8), ("3", 3 * 10**9), ("1ns", 1)):
        bench.cli(f"goto time {text}")
        assert bench.now == bench.started + ns
