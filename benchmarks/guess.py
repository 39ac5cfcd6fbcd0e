"""How good the guess of the inside is, on any captures.

    python -m benchmarks.guess FOLDER [WORST]

Of all captures below the folder in which two unicast hosts talk, in how many: most packets cross
the guessed split; nine of ten crossing connections were opened from inside; the inside has at most
eight prefixes. Then the worst ones, ten unless told otherwise.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from aclbench.capture.guess import MOST_PREFIXES, GuessedSides, guess_inside
from aclbench.errors import CaptureError


class Guessed(NamedTuple):
    """A capture, and what was guessed of it."""

    path: Path
    guess: GuessedSides

    @property
    def marks(self) -> tuple[bool, bool, bool]:
        """Whether the guess is as good as is asked for, in each of the three ways."""
        figures = self.guess.figures
        return (
            2 * figures.crossing_packets > figures.packets,
            10 * figures.opened >= 9 * figures.crossing_flows,
            0 < len(self.guess.prefixes) <= MOST_PREFIXES,
        )

    @property
    def badness(self) -> tuple[float, ...]:
        """Sorts the worst first."""
        figures = self.guess.figures
        return (
            sum(self.marks),
            figures.crossing_packets / figures.packets,
            figures.opened / max(figures.crossing_flows, 1),
        )


#: What each of the marks asks for, in percent of the captures.
WANTED = (
    (99, "most packets cross"),
    (90, "nine of ten crossing connections were opened from inside"),
    (98, f"at most {MOST_PREFIXES} prefixes"),
)


def main() -> None:
    """Measure a folder."""
    folder = Path(sys.argv[1])
    worst = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    found: list[Guessed] = []
    read = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            guess = guess_inside(path)
        except CaptureError:
            continue
        read += 1
        if guess.figures.packets:
            found.append(Guessed(path, guess))
    print(f"{read:,} captures, {len(found):,} in which two unicast hosts talk")
    if not found:
        return
    for (wanted, what), marks in zip(
        WANTED, zip(*(one.marks for one in found), strict=True), strict=True
    ):
        print(f"{100 * sum(marks) / len(found):6.2f} %  {what} (wanted: {wanted} %)")
    print()
    for one in sorted(found, key=lambda one: one.badness)[:worst]:
        figures = one.guess.figures
        print(
            f"{one.path.relative_to(folder)}: {figures.crossing_packets:,} of "
            f"{figures.packets:,} packets cross, {figures.opened:,} of "
            f"{figures.crossing_flows:,} connections opened from inside, "
            f"{len(one.guess.prefixes)} prefixes, {one.guess.confidence}"
        )


if __name__ == "__main__":
    main()
