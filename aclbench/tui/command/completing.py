"""What Tab does: the common part first, then one candidate after the other. No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aclbench.workbench.grammar import Completion
    from aclbench.workbench.workbench import Workbench

#: A list with more than this is not read; whoever types on narrows it down.
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands before the cursor now, and behind it."""

    before: str
    after: str

    @property
    def line(self) -> str:
        return self.before + self.after


@dataclass(frozen=True, slots=True)
class Walk:
    """Several candidates for a line; `at` is the one that stands in it, None: none yet."""

    begun: Edit
    candidates: tuple[Completion, ...]
    at: int | None = None

    def moved(self, by: int) -> Walk:
        """On to the next candidate, around the end."""
        count = len(self.candidates)
        first = 0 if by > 0 else count - 1
        return replace(self, at=first if self.at is None else (self.at + by) % count)

    def edit(self) -> Edit:
        """The line with the current candidate in it."""
        if self.at is None:
            return self.begun
        chosen = self.candidates[self.at]
        return Edit(_with(chosen, self.begun.before), self.begun.after)


def candidates_for(bench: Workbench, before: str) -> list[Completion]:
    """What the last word of a line can become."""
    return list(islice(bench.lines.table.complete(before, bench), MOST))


def begin(found: Sequence[Completion], begun: Edit) -> Edit | Walk:
    """The first Tab: a candidate that is alone is done, of several the common part."""
    if len(found) == 1:
        return done(found[0], begun)
    common = common_beginning([_with(each, begun.before) for each in found])
    longer = len(common) > len(begun.before)
    return Walk(Edit(common, begun.after) if longer else begun, tuple(found))


def done(chosen: Completion, begun: Edit) -> Edit:
    """The line with a candidate in it, so that the next word can begin; a folder goes on."""
    before = _with(chosen, begun.before)
    is_whole = not before.endswith("/") and not begun.after
    return Edit(f"{before} " if is_whole else before, begun.after)


def _with(chosen: Completion, before: str) -> str:
    return before[: chosen.start_column] + chosen.text


def common_beginning(texts: Sequence[str]) -> str:
    """What all of several texts begin with."""
    first, last = min(texts), max(texts)
    pairs = enumerate(zip(first, last, strict=False))
    return first[: next((n for n, (a, b) in pairs if a != b), len(first))]
