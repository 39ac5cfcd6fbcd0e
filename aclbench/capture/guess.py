"""Guesses the inside of a capture that comes without a scenario: the side that opens connections.

`openers` says who opened each flow, `sides` divides the hosts; here the capture is read, and what
was found is put into words.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import Final, Literal

from msgspec import Struct

from aclbench.capture.decoding import decode
from aclbench.capture.openers import PacketsSeen, Pairs
from aclbench.capture.reader import open_capture
from aclbench.capture.sides import BITS, NO_FIGURES, Division, Figures, Slices, divide
from aclbench.capture.stream import awaiting_header
from aclbench.errors import CaptureError
from aclbench.files import at_once
from aclbench.words import counted

#: Packets examined, from the start of the capture.
GUESS_PACKETS: Final = 100_000
#: ... and in one slice.
SLICE_PACKETS: Final = 4096
#: Prefixes that a guess has at most, of both families.
MOST_PREFIXES: Final = 8

Confidence = Literal["sure", "likely", "uncertain"]


class GuessedSides(Struct, frozen=True):
    """The prefixes of the inside, sorted, IPv4 first, and a sentence on how that was found.

    No prefixes where the capture gives no reason to choose any. `runner_up` has the prefixes of the
    next best guess, `figures` what the guess does to the packets that were examined.
    """

    prefixes: tuple[str, ...]
    sentence: str
    confidence: Confidence = "uncertain"
    runner_up: tuple[str, ...] = ()
    figures: Figures = NO_FIGURES


def guess_inside(path: str | os.PathLike[str], max_packets: int = GUESS_PACKETS) -> GuessedSides:
    """The same as `guessing_inside`, at once."""
    return at_once(guessing_inside(path, max_packets))


def guessing_inside(
    path: str | os.PathLike[str], max_packets: int = GUESS_PACKETS
) -> Generator[int | None, None, GuessedSides]:
    """Examine the first packets of a capture and choose the side that opens most connections.

    Raises CaptureError if the file cannot be opened; of a damaged one the readable part is
    examined. In slices: yields how many packets were examined, None while it chooses.
    """
    for _ in awaiting_header(path):
        yield 0
    seen = PacketsSeen()
    with open_capture(path, look_ahead=True) as reader, suppress(CaptureError):
        for batch in reader.arriving(min(max_packets, SLICE_PACKETS)):
            if batch is not None:
                seen.note(decode(batch.part(0, max_packets - seen.total)))
            yield seen.total
            if seen.total == max_packets:
                break
    best, others = yield from _choose(seen)
    if not best:
        return GuessedSides((), f"no inside assumed: {_why_none(seen)}")
    return _put_into_words(best, others)


def _choose(seen: PacketsSeen) -> Slices[tuple[list[Division], list[Division]]]:
    """The best division of each family in which two hosts talk, and the runners-up."""
    pairs: dict[int, Pairs] = {}
    found: dict[int, list[Division]] = {}
    for family in BITS:
        pairs[family] = seen.pairs(family)
        yield
        found[family] = yield from divide(pairs[family], family, MOST_PREFIXES)
    families = [family for family in BITS if found[family]]
    sizes = {family: len(found[family][0].prefixes) for family in families}
    if sum(sizes.values()) > MOST_PREFIXES:
        # Each gets what the other leaves it, but half at least.
        for family in families:
            rest = MOST_PREFIXES - sum(sizes[other] for other in families if other != family)
            limit = max(rest, MOST_PREFIXES // 2)
            found[family] = yield from divide(pairs[family], family, limit)
    return [found[family][0] for family in families], [found[family][1] for family in families]


def inside_options(prefixes: Iterable[str]) -> str:
    """Prefixes as options of a command line."""
    return " ".join(f"--inside {prefix}" for prefix in prefixes)


# --- the sentence -----------------------------------------------------------------------------


def _put_into_words(best: list[Division], others: list[Division]) -> GuessedSides:
    figures = _sum(best)
    # The change that costs least, in one family.
    changed = [[*best[:i], other, *best[i + 1 :]] for i, other in enumerate(others)]
    next_best = max(changed, key=lambda divisions: _sum(divisions).merit)
    prefixes, runner_up = _prefixes(best), _prefixes(next_best)
    sure = confidence(figures)
    return GuessedSides(
        prefixes,
        f"guessed inside ({sure}): {inside_options(prefixes)}, which opened "
        f"{_what_it_does(figures)}; runner-up: {inside_options(runner_up)}, "
        f"{_what_it_does(_sum(next_best))}",
        sure,
        runner_up,
        figures,
    )


def _sum(divisions: list[Division]) -> Figures:
    figures = NO_FIGURES
    for division in divisions:
        figures = figures.plus(division.figures)
    return figures


def _prefixes(divisions: list[Division]) -> tuple[str, ...]:
    return tuple(str(prefix) for division in divisions for prefix in division.prefixes)


def confidence(figures: Figures) -> Confidence:
    """How sure a guess is: by how much crosses, was opened from inside, and is told by packets."""
    crossing = figures.crossing_flows
    if not figures.is_good or 3 * figures.opened < 2 * crossing:
        return "uncertain"
    told = 2 * figures.told >= crossing
    opened = 10 * figures.opened >= 9 * crossing
    return "sure" if told and opened else "likely"


def _what_it_does(figures: Figures) -> str:
    crossing = counted(figures.crossing_flows, "connection")
    percent = 100 * figures.crossing_packets // figures.packets
    return f"{figures.opened:,} of {crossing} across it, with {percent} % of the packets"


def _why_none(seen: PacketsSeen) -> str:
    first = f"the first {counted(seen.total, 'packet')}"
    ip = seen.total - seen.not_ip
    if not seen.total:
        return "the capture holds no packets"
    if not ip:
        return f"no IP addresses in {first}"
    if seen.to_itself == ip:
        return f"in {first} hosts talk to themselves alone, each by one address"
    if seen.to_many == ip:
        return f"all IP packets of {first} are multicast or broadcast"
    return (
        f"no two hosts talk in {first}: {seen.to_many:,} are multicast or broadcast, "
        f"{seen.to_itself:,} of a host to itself"
    )
