"""Times as people write them, read exactly: lengths of time, and places in a run.

A length is `10s`, `500ms`, `250us`, `1ns`, `2min`, `1h`, or seconds without a unit. A place is a
length from the start of the run, with or without `+`, or the capture's own clock in ISO 8601.
Whatever is no whole number of nanoseconds is refused, never rounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Final

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
_ISO: Final = re.compile(
    r"(?P<second>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<part>\d{1,20}))?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in a run: nanoseconds from its start, or (`of_capture`) since 1970 by its clock."""

    ns: int
    of_capture: bool = False


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


def read_moment(text: str) -> Moment:
    """A place in a run. ArgumentError: it is none, or no whole nanoseconds."""
    if re.match(r"\d{4}-", text):
        return Moment(_read_iso(text), of_capture=True)
    return Moment(read_length(text.removeprefix("+")))


def _exactly(text: str, whole: str, part: str, unit_ns: int) -> int:
    ns, rest = divmod(int((whole + part) or "0") * unit_ns, int(10 ** len(part)))
    if rest:
        raise ArgumentError(f"{text[:64]}: times are whole nanoseconds")
    return ns


def _read_iso(text: str) -> int:
    """A date and time with its zone, in nanoseconds since 1970."""
    right = "2026-01-01T12:00:00.5+00:00"
    match = _ISO.fullmatch(text)
    if match is None:
        raise ArgumentError(f"{text[:64]} is not a date and time such as {right}")
    if match["zone"] is None:
        raise ArgumentError(f"{text[:64]} says no zone; {match['second']}+00:00 or ...Z does")
    try:
        zone = _zone(match["zone"])
        second = datetime.strptime(match["second"], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone)
        seconds = (second - _EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError) as error:
        raise ArgumentError(f"{text[:64]} is no date and time: {error}") from None
    return int(seconds) * NS_PER_SEC + _exactly(text, "", match["part"] or "", NS_PER_SEC)


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if minutes > 59:
        raise ValueError(f"a zone has no {minutes} minutes")
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if text[0] == "-" else ahead)
