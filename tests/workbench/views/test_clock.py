"""Times of a run as they are written and read, in every way and zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aclbench.errors import CommandError
from aclbench.workbench.views.clock import TIME_MODES, Clock, TimeMode
from aclbench.workbench.views.times import read_moment

SEC = 10**9
DAY = 86400 * SEC
STARTED = SEC
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Etc/GMT+12")
BERLIN = "Europe/Berlin"


def clock(mode: TimeMode, first: int, zone: str = BERLIN, begins: int = STARTED) -> Clock:
    return Clock(STARTED, mode, begins, first, zone=ZoneInfo(zone))


def at(text: str) -> int:
    """A date and time of UTC, in nanoseconds since 1970."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SEC


def read(by: Clock, text: str) -> int:
    """From the start, in nanoseconds."""
    return by.read(read_moment(text)).ns - by.started


@given(
    mode=st.sampled_from(TIME_MODES),
    zone=st.sampled_from(ZONES),
    first=st.integers(at("1972-02-01"), at("2105-01-01")),
    after=st.one_of(st.integers(0, 3 * DAY), st.integers(0, 400 * DAY)),
)
@example("local", BERLIN, at("2026-10-24T23:00:00"), 2 * 3600 * SEC)
@example("local", BERLIN, at("2026-10-24T23:00:00"), 3600 * SEC)
@example("local", BERLIN, at("2026-10-25T00:30:00"), DAY + 1800 * SEC)
@example("local", BERLIN, at("2026-03-28T23:00:00"), 7200 * SEC)
@example("utc", BERLIN, at("2026-03-28T23:00:00") + SEC // 2, DAY - SEC // 2)
@example("utc", BERLIN, at("2026-03-28T23:00:00") + SEC // 2, DAY - SEC // 2 - 1)
def test_what_is_written_is_read_as_the_same_time(
    mode: TimeMode, zone: str, first: int, after: int
) -> None:
    by = clock(mode, first, zone)
    text = by.text(STARTED + after)
    found = by.read(read_moment(text))
    assert found.ns == STARTED + after
    assert by.text(found.ns) == text


@given(st.sampled_from(TIME_MODES), st.integers(0, 3 * DAY))
def test_without_a_time_of_day_times_are_relative(mode: TimeMode, after: int) -> None:
    for by in (Clock(STARTED, mode), Clock(STARTED, mode, SEC, 0, "begins in 1970")):
        assert by.text(STARTED + after).startswith("+")
        assert by.display(STARTED + after).startswith("+")
        assert by.stamp(STARTED + after).startswith("+")
        assert by.start_text() == by.zone_name == ""
        with pytest.raises(CommandError, match=r"none here|begins in 1970"):
            by.read(read_moment("12:00:05"))


def test_a_bare_time_is_on_the_first_day_that_has_it_since_the_start() -> None:
    by = clock("utc", at("2026-11-27T12:00:00") + SEC // 2)
    assert read(by, "12:00:05") == 4 * SEC + SEC // 2
    assert read(by, "11:59:59") == DAY - SEC - SEC // 2
    # In the second in which it starts: the start, and not a day later.
    assert read(by, "12:00:00") == 0
    assert read(by, "2026-11-27 12:00:00.25") == 0
    with pytest.raises(CommandError, match=r"lies 1\.5 s before the start of the run, 12:00:00\.5"):
        read(by, "2026-11-27 11:59:59")


def test_a_zone_is_that_which_is_said_else_the_one_shown_else_utc() -> None:
    first = at("2026-11-27T12:00:00")
    for mode, hour in (("relative", 12), ("utc", 12), ("local", 13)):
        by = clock(mode, first)  # type: ignore[arg-type]
        assert read(by, f"{hour}:00:05") == 5 * SEC
        assert read(by, f"2026-11-27 {hour}:00:05") == 5 * SEC
        assert read(by, "12:00:05Z") == read(by, "12:00:05 UTC") == 5 * SEC
        assert read(by, "13:00:05+01:00") == read(by, "2026-11-27T07:00:05-0500") == 5 * SEC


def test_where_clocks_go_back_a_time_comes_twice_and_it_is_said_which_is_taken() -> None:
    by = clock("local", at("2026-10-24T22:00:00"))
    found = by.read(read_moment("2026-10-25 02:30:00"))
    assert found.ns - STARTED == int(2.5 * 3600) * SEC
    assert "comes twice that day, +0200 and +0100; the first is taken" in found.note
    assert read(by, "2026-10-25 02:30:00+01:00") == int(3.5 * 3600) * SEC
    later = clock("local", at("2026-10-25T00:45:00"))
    assert "the second is taken" in later.read(read_moment("2026-10-25 02:30:00")).note


def test_where_clocks_go_forward_the_time_that_it_would_be_is_taken() -> None:
    by = clock("local", at("2026-03-28T23:00:00"))
    found = by.read(read_moment("2026-03-29 02:30:00"))
    assert found.ns - STARTED == int(2.5 * 3600) * SEC
    assert "the clocks go forward over it; 03:30:00 is taken" in found.note


def test_days_behind_the_first_have_their_date() -> None:
    by = clock("utc", at("2026-11-27T12:00:00"))
    assert by.text(STARTED + DAY - 1) == "11:59:59.999999999"
    assert by.text(STARTED + DAY) == "2026-11-28 12:00:00"
    assert by.display(STARTED + DAY) == "2026-11-28 12:00:00"
    assert by.stamp(STARTED + DAY + SEC // 4) == "11-28 12:00:00.2"
    assert by.display(STARTED + 1_250_000_000) == "12:00:01.250"
    assert by.stamp(STARTED + 1_250_000_000) == "12:00:01.250000"


def test_the_start_that_counts_is_the_first_packet_s() -> None:
    """A capture that is begun ten seconds into the run."""
    by = clock("utc", at("2026-11-27T12:00:00"), begins=STARTED + 10 * SEC)
    assert by.text(STARTED + 10 * SEC) == "12:00:00"
    assert by.text(STARTED) == "2026-11-27 11:59:50"
    assert read(by, "12:00:05") == 15 * SEC
    assert by.start_text() == "2026-11-27 12:00:00 UTC"
    assert clock("local", by.first or 0).start_text() == "2026-11-27 13:00:00 +0100"


def test_relative_times_as_the_screen_has_room_for_them() -> None:
    by = Clock(STARTED)
    for ns, text in (
        (0, "+0.000 s"),
        (12_345_678_901, "+12.345 s"),
        (65_432 * 10**6, "+1 min 05.432 s"),
        (3_723_400 * 10**6, "+1 h 02 min 03.4 s"),
        (90_061 * SEC, "+1 d 01 h 01 min 01 s"),
    ):
        assert by.display(STARTED + ns) == text
    assert by.display(STARTED + 12_345_678_901, 0) == "+12 s"
    assert by.stamp(STARTED + 12_345_678_901) == "+12.345678"


@pytest.mark.parametrize("mode", TIME_MODES)
def test_what_lies_ahead_of_all_clocks_is_refused(mode: TimeMode) -> None:
    by = clock(mode, at("2026-11-27T12:00:00"))
    for text in ("0001-01-01 00:00:00+14:00", "0001-01-01 00:00:00"):
        with pytest.raises(CommandError):
            by.read(read_moment(text))
