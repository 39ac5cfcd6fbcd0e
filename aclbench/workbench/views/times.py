"""Times as people write them, read exactly: lengths of time, and places in a run.

A length is `10s`, `500ms`, `250us`, `1ns`, `2min`, `1h`, or seconds without a unit. A place is a
length from the start of the run, with or without `+`, or a time of day of the capture: `12:00:05`,
`2026-11-27 12:00:05.25`, with or without a zone (`Z`, `UTC`, `+01:00`). Which instant that is says
`views/clock.py`. Whatever is no whole number of nanoseconds is refused, never rounded.
"""

from __future__ import annotations

import re
from datetime import UTC, date, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Final

from msgspec import Struct

from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.errors import AclbenchError
from aclbench.workbench.grammar import ArgumentError

UNITS_NS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": NS_PER_SEC,
    "min": 60 * NS_PER_SEC,
    "h": 3600 * NS_PER_SEC,
}
#: The longest that one argument, or one call of `advance`, may say: a hundred years.
LONGEST_NS: Final = 100 * 366 * 86400 * NS_PER_SEC

_LENGTH: Final = re.compile(r"(?P<whole>[0-9]{0,20})(?:\.(?P<part>[0-9]{0,20}))?(?P<unit>[a-zµ]*)")
#: What is a time of day rather than a length, whether it is right or not.
_LIKE_A_TIME: Final = re.compile(r"\d{4}-|\d{1,2}:")
_TIME: Final = re.compile(
    r"(?:(?P<day>\d{4}-\d\d-\d\d)[Tt ])?(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)"
    r"(?:\.(?P<part>\d{1,20}))? ?(?P<zone>[Zz]|[Uu][Tt][Cc]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_RIGHT: Final = "12:00:05, 12:00:05.25Z or 2026-11-27 12:00:05+01:00"


class Moment(Struct, frozen=True):
    """A place in a run: nanoseconds from its start, or (`of_day`) from midnight by its capture.

    `day` None: the first day that has it. `zone` None: the one in which times are shown. `text` is
    what was typed.
    """

    ns: int
    of_day: bool = False
    day: date | None = None
    zone: timezone | None = None
    text: str = ""


def read_length(text: str) -> int:
    """A length of time in nanoseconds. ArgumentError: it is none, or no whole nanoseconds."""
    match = _LENGTH.fullmatch(text)
    if match is None or not (match["whole"] or match["part"]):
        raise ArgumentError(
            f"{text[:64]} is not a length of time such as 10s, 500ms, 250us, 1ns, 2min, 1h or 0.5"
        )
    unit = match["unit"] or "s"
    if unit not in UNITS_NS:
        raise ArgumentError(f"{text[:64]}: {unit[:16]} is no unit; {', '.join(UNITS_NS)} are")
    ns = _exactly(text, match["whole"], match["part"] or "", UNITS_NS[unit])
    if ns > LONGEST_NS:
        raise ArgumentError(f"{text[:64]}: at most a hundred years")
    return ns


def seconds_text(ns: int) -> str:
    """Nanoseconds as seconds, without superfluous zeros."""
    whole, rest = divmod(ns, NS_PER_SEC)
    fraction = f"{rest:09d}".rstrip("0")
    return f"{whole}.{fraction} s" if fraction else f"{whole} s"


def seconds_to_ns(seconds: float | str | Decimal) -> int:
    """Seconds as whole nanoseconds, exactly for str, int and Decimal. Raises AclbenchError."""
    try:
        value = Decimal(seconds) if not isinstance(seconds, float) else Decimal(repr(seconds))
    except (InvalidOperation, ValueError, TypeError):
        raise AclbenchError(f"{seconds!r} is not a time in seconds, such as 2.8") from None
    if not value.is_finite() or value < 0:
        raise AclbenchError(f"{seconds!r}: time goes on by 0 seconds or more")
    if value * NS_PER_SEC > LONGEST_NS:
        raise AclbenchError(f"{seconds!r}: at most a hundred years at a time")
    ns = value * NS_PER_SEC
    if ns != ns.to_integral_value():
        if not isinstance(seconds, float):
            raise AclbenchError(f"{seconds!r}: times are whole nanoseconds")
        ns = ns.to_integral_value()
    return int(ns)


def is_time_of_day(text: str) -> bool:
    """It begins as a date or a time of day does, and not as a length."""
    return _LIKE_A_TIME.match(text) is not None


def read_moment(text: str) -> Moment:
    """A place in a run. ArgumentError: it is none, or no whole nanoseconds."""
    if is_time_of_day(text):
        return _read_time_of_day(text)
    length = text.removeprefix("+").replace(" ", "")
    return Moment(read_length(length), text=text)


def _exactly(text: str, whole: str, part: str, unit_ns: int) -> int:
    ns, rest = divmod(int((whole + part) or "0") * unit_ns, int(10 ** len(part)))
    if rest:
        raise ArgumentError(f"{text[:64]}: times are whole nanoseconds")
    return ns


def _read_time_of_day(text: str) -> Moment:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ArgumentError(f"{text[:64]} is not a time of day such as {_RIGHT}")
    hour, minute, second = (int(match[name]) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise ArgumentError(f"{text[:64]} is no time of day: they go from 00:00:00 to 23:59:59")
    try:
        day = date.fromisoformat(match["day"]) if match["day"] else None
        zone = _zone(match["zone"]) if match["zone"] else None
    except ValueError as error:
        raise ArgumentError(f"{text[:64]} is no date and time: {error}") from None
    ns = (hour * 3600 + minute * 60 + second) * NS_PER_SEC
    return Moment(ns + _exactly(text, "", match["part"] or "", NS_PER_SEC), True, day, zone, text)


def _zone(text: str) -> timezone:
    if text.upper() in ("Z", "UTC"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if minutes > 59:
        raise ValueError(f"a zone has no {minutes} minutes")
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if text[0] == "-" else ahead)
