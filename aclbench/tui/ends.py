"""The two ends of connections in aligned columns: of packets, and of sessions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from aclbench.tui.drawing import Line
from aclbench.tui.palette import Palette
from aclbench.tui.units import fit_end

#: A port of five digits, its colon, and the brackets of an address: what an end needs at least.
_LEAST: Final = 8
_ARROW: Final = " > "


class Ends(NamedTuple):
    """How wide the columns of the source and of the destination are."""

    source: int
    destination: int

    @staticmethod
    def of(pairs: Iterable[tuple[str, str]], room: int, most: int | None = None) -> Ends:
        """Those for some pairs of ends, in so much room; none is wider than `most`.

        Where there is less room than they need, the longer column gives way first.
        """
        found = list(pairs)
        needs = [max([_LEAST, *(len(pair[at]) for pair in found)]) for at in (0, 1)]
        source, destination = (need if most is None else min(need, most) for need in needs)
        room = max(room - len(_ARROW), 2 * _LEAST)
        kept = min(source, max(room // 2, room - destination))
        return Ends(kept, min(destination, room - kept))

    @property
    def width(self) -> int:
        """Of both, and what stands between them."""
        return self.source + len(_ARROW) + self.destination

    def head(self) -> str:
        """What stands above them."""
        return "from".ljust(self.source) + _ARROW + "to".ljust(self.destination)

    def add_to(self, line: Line, source: str, destination: str, palette: Palette) -> None:
        """Both ends; of one that is too long the address is shortened, and never its port."""
        line.add(fit_end(source, self.source).ljust(self.source))
        line.add(_ARROW, palette.dim)
        line.add(fit_end(destination, self.destination).ljust(self.destination))
