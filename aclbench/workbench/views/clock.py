"""How the times of a run are written and read: from its start, or by its capture's time of day.

Every face writes a time by `Clock`, and reads one by it, so a switch is one everywhere; what is
written in full (`text`) is read as the same instant. A bare time of day is that of the first day on
or after the second in which the capture starts, in the zone shown; UTC where times are relative.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final, Literal, get_args

from msgspec import Struct

from aclbench.errors import CommandError
from aclbench.workbench.views.times import Moment, seconds_text

TimeMode = Literal["relative", "utc", "local"]
TIME_MODES: Final[tuple[TimeMode, ...]] = get_args(TimeMode)

NS_PER_S: Final = 1_000_000_000
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(Struct, frozen=True):
    """A time of the run (virtual nanoseconds), and what has to be said of how it was read."""

    ns: int
    note: str = ""


class Clock(Struct, frozen=True):
    """`started`: the run's start, `begins`: the captures' first packet, in virtual nanoseconds.

    `first`: the time that this packet has in its capture, since 1970; None: not known, or no
    capture. `why_relative`: why its times tell no time of day, else empty. `zone` stands for the
    computer's own, for tests.
    """

    started: int
    mode: TimeMode = "relative"
    begins: int = 0
    first: int | None = None
    why_relative: str = ""
    zone: tzinfo | None = None

    # --- what is known -----------------------------------------------------------------------

    @property
    def has_day(self) -> bool:
        """The captures tell the time of day."""
        return self.first is not None and not self.why_relative

    @property
    def shown(self) -> TimeMode:
        """How times are written: relative where no time of day is known."""
        return self.mode if self.has_day else "relative"

    @property
    def zone_name(self) -> str:
        """`UTC`, or `local`; empty where times are relative."""
        return {"relative": "", "utc": "UTC", "local": "local"}[self.shown]

    def start_text(self, exactly: bool = True) -> str:
        """The date and time of the first packet, with its zone; empty if it is not known."""
        if self.first is None or self.why_relative:
            return ""
        local = self.shown == "local"
        found = self._civil(self.first // NS_PER_S, local)
        zone = f" {found:%z}" if local else " UTC"
        fraction = _fraction(self.first % NS_PER_S) if exactly else ""
        return f"{found:%Y-%m-%d %H:%M:%S}{fraction}{zone}"

    def start_sentence(self) -> str:
        """When the capture starts, or why that is not known; empty without one."""
        if self.first is None:
            return ""
        return self.why_relative or f"the capture starts at {self.start_text()}"

    @property
    def stamp_width(self) -> int:
        """Room for the stamps of a column."""
        return 12 if self.shown == "relative" else 16

    # --- writing -----------------------------------------------------------------------------

    def text(self, time_ns: int) -> str:
        """A time in full: `+2.5 s`, `12:00:02.5`, on another day `2026-11-28 12:00:02.5`."""
        if self.shown == "relative":
            since = time_ns - self.started
            return f"{'-' if since < 0 else '+'}{seconds_text(abs(since))}"
        second, rest = divmod(self._captured(time_ns), NS_PER_S)
        found, fraction = self._civil(second), _fraction(rest)
        of_day = found.hour * _HOUR + found.minute * _MINUTE + found.second
        if self._on_first_day(second) and (self.shown == "utc" or self._first_of(of_day) == second):
            return f"{found:%H:%M:%S}{fraction}"
        text = f"{found:%Y-%m-%d %H:%M:%S}{fraction}"
        if self._of_date(found.date(), of_day)[0] == second:
            return text
        if (found.utcoffset() or timedelta()) % timedelta(minutes=1):
            return f"{self._civil(second, False):%Y-%m-%d %H:%M:%S}{fraction}Z"
        return f"{text}{found:%z}"

    def display(self, time_ns: int, digits: int = 3) -> str:
        """A time as the screen has room for it: `+12.345 s`, `+2 min 05.345 s`, `12:00:05.345`."""
        if self.shown == "relative":
            return _long_text(max(time_ns - self.started, 0), digits)
        second, rest = divmod(self._captured(time_ns), NS_PER_S)
        found = self._civil(second)
        if not self._on_first_day(second):
            return f"{found:%Y-%m-%d %H:%M:%S}"
        return f"{found:%H:%M:%S}" + (f".{rest:09d}"[: digits + 1] if digits else "")

    def stamp(self, time_ns: int) -> str:
        """A time for a column of times, to the microsecond: `+12.345678`, `12:00:05.345678`."""
        if self.shown == "relative":
            whole, rest = divmod(max(time_ns - self.started, 0), NS_PER_S)
            return f"+{whole}.{rest // 1000:06d}"
        second, rest = divmod(self._captured(time_ns), NS_PER_S)
        found = self._civil(second)
        if not self._on_first_day(second):
            return f"{found:%m-%d %H:%M:%S}.{rest // 100_000_000}"
        return f"{found:%H:%M:%S}.{rest // 1000:06d}"

    def vpp_text(self, time_ns: int) -> str:
        """The date and time as VPP writes them: `Fri, 27 Nov 2026 9:00:05 GMT`."""
        found = self._civil(self._captured(time_ns) // NS_PER_S, False)
        return f"{found:%a}, {found.day} {found:%b} {found.year} {found.hour}:{found:%M:%S} GMT"

    # --- reading -----------------------------------------------------------------------------

    def read(self, moment: Moment) -> Instant:
        """The time of a place in the run. CommandError: no capture tells it, or it lies before."""
        if not moment.of_day:
            return Instant(self.started + moment.ns)
        if self.first is None:
            raise CommandError(
                f"{moment.text}: a time of day is read off a capture, and there is none here; "
                "+12.5s, from the start of the run, is right"
            )
        if self.why_relative and moment.day is None:
            raise CommandError(
                f"{moment.text}: {self.why_relative}; +12.5s, from the start of the run, is right"
            )
        of_day, rest = divmod(moment.ns, NS_PER_S)
        zone = moment.zone or (UTC if self.shown == "relative" else None)
        note = ""
        try:
            if moment.day is None:
                second = self._first_of(of_day, zone)
            else:
                second, note = self._of_date(moment.day, of_day, zone)
        except (OverflowError, ValueError, OSError):
            raise CommandError(f"{moment.text}: no clock goes as far as that") from None
        captured = second * NS_PER_S + rest
        if second == self.first // NS_PER_S:
            captured = max(captured, self.first)
        found = captured - self.first + self.begins
        if found < self.started:
            raise CommandError(
                f"{moment.text} lies {seconds_text(self.started - found)} before the start of the "
                f"run, {self.text(self.started)}"
            )
        return Instant(found, f"{moment.text}: {note}" if note else "")

    # --- seconds since 1970 --------------------------------------------------------------------

    def _captured(self, time_ns: int) -> int:
        """The capture's own time, in nanoseconds since 1970."""
        assert self.first is not None
        return time_ns - self.begins + self.first

    def _civil(self, second: int, local: bool | None = None) -> datetime:
        """A second as date and time, with its zone; `local` unless that is what is shown."""
        if self.shown == "local" if local is None else local:
            return (_EPOCH + timedelta(seconds=second)).astimezone(self.zone)
        return _EPOCH + timedelta(seconds=second)

    def _on_first_day(self, second: int) -> bool:
        assert self.first is not None
        return 0 <= second - self.first // NS_PER_S < _DAY

    def _first_of(self, of_day: int, zone: timezone | None = None) -> int:
        """The first second with a time of day on or after that of the first packet."""
        assert self.first is not None
        start = self.first // NS_PER_S
        day = (self._civil(start) if zone is None else self._civil(start, False)).date()
        days = (day + timedelta(days=n) for n in range(-1, 4))
        return min(s for d in days for s in self._seconds(d, of_day, zone)[0] if s >= start)

    def _of_date(self, day: date, of_day: int, zone: timezone | None = None) -> tuple[int, str]:
        """The second of a date and a time of day, and what is said of it."""
        assert self.first is not None
        found, is_gap = self._seconds(day, of_day, zone)
        if is_gap:
            to = f"{self._civil(found[0]):%H:%M:%S}"
            return found[0], f"the clocks go forward over it; {to} is taken"
        if len(found) == 1:
            return found[0], ""
        chosen = next((s for s in found if s >= self.first // NS_PER_S), found[0])
        which = ("the first", "the second")[found.index(chosen)]
        zones = [f"{self._civil(s):%z}" for s in found]
        return chosen, f"comes twice that day, {zones[0]} and {zones[1]}; {which} is taken"

    def _seconds(self, day: date, of_day: int, zone: timezone | None) -> tuple[list[int], bool]:
        """The seconds that a date and time of day can mean: one, or two when clocks go back.

        True: there is none, the clocks go forward over it; then the one as late as that would be.
        """
        minute, second = divmod(of_day, _MINUTE)
        naive = datetime.combine(day, time(minute // 60, minute % 60, second))
        if zone is not None or self.shown != "local":
            return [_second_of(naive.replace(tzinfo=zone or UTC))], False
        both = [
            _second_of(
                naive.replace(fold=fold).astimezone(UTC)
                if self.zone is None
                else naive.replace(fold=fold, tzinfo=self.zone)
            )
            for fold in (0, 1)
        ]
        right = [s for s in both if self._civil(s).replace(tzinfo=None, fold=0) == naive]
        return (sorted(set(right)), False) if right else (both[:1], True)


def _second_of(when: datetime) -> int:
    return int((when - _EPOCH) // timedelta(seconds=1))


def _fraction(ns: int) -> str:
    """What stands behind the seconds, without superfluous zeros."""
    return f".{ns:09d}".rstrip("0").rstrip(".") if ns else ""


def _long_text(ns: int, digits: int) -> str:
    """Time since the start: `+12.345 s`, `+2 min 05.345 s`, `+3 d 04 h 05 min`."""
    whole, rest = divmod(ns, NS_PER_S)
    fraction = f".{rest:09d}"[: digits + 1] if digits else ""
    if whole < _MINUTE:
        return f"+{whole}{fraction} s"
    minutes, seconds = divmod(whole, _MINUTE)
    if whole < _HOUR:
        return f"+{minutes} min {seconds:02d}{fraction} s"
    hours, minutes = divmod(minutes, 60)
    if whole < _DAY:
        return f"+{hours} h {minutes:02d} min {seconds:02d}{fraction[:2]} s"
    days, hours = divmod(hours, 24)
    return f"+{days} d {hours:02d} h {minutes:02d} min {seconds:02d} s"
