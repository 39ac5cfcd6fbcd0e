"""Few prefixes that hold a set of numbers, and as little as possible of the others.

Where the set itself has few prefixes, it is these. Else the best ones are found on the binary tree
of all numbers: for each node, what is lost with none, one, two ... prefixes below it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: A node is not divided where that would save no more than this share of the whole.
_SMALLEST_SHARE: Final = 1 / 256
#: What more prefixes have to save to be worth it, as a share of the whole.
_WORTH: Final = 1 / 100


class Prefix(NamedTuple):
    """All numbers from `start` on that differ in their `spare` low bits alone."""

    start: int
    spare: int


class _Node(NamedTuple):
    """Prefixes below a node, and the weight that is lost with them."""

    lost: int
    prefixes: tuple[Prefix, ...]


def cover(
    numbers: Sequence[int], is_inside: NDArray[np.bool_], weights: NDArray[np.int64], limit: int
) -> list[Prefix]:
    """At most `limit` prefixes that hold the numbers that are inside, and none of the others.

    `numbers` are sorted, and each has its weight, at least 1: where it takes mistakes, those that
    weigh least are made. At least one is inside, `limit` is at least 1. Sorted; none holds another.
    """
    inside = [numbers[row] for row in np.flatnonzero(is_inside).tolist()]
    if _runs(inside, limit) <= limit:
        exact = _collapsed(inside)
        if len(exact) <= limit:
            return exact
    before_inside, before_outside = (
        [0, *np.cumsum(np.where(those, weights, 0)).tolist()] for those in (is_inside, ~is_inside)
    )
    smallest = int(min(before_inside[-1], before_outside[-1]) * _SMALLEST_SHARE)
    tree = _Tree(numbers, before_inside, before_outside, limit, smallest)
    least = tree.best(0, len(numbers))
    enough = least[-1].lost + int(before_inside[-1] * _WORTH)
    found = next(node for node in least if node.lost <= enough).prefixes
    return sorted(found) or [Prefix(inside[0], 0)]


def _runs(numbers: list[int], limit: int) -> int:
    """Runs of numbers without a gap, each of which needs a prefix; counted as far as `limit`."""
    runs = 1
    for number, other in pairwise(numbers):
        runs += other != number + 1
        if runs > limit:
            break
    return runs


def _collapsed(numbers: list[int]) -> list[Prefix]:
    """Exactly these sorted numbers."""
    found: list[Prefix] = []
    for number in numbers:
        start, spare = number, 0
        while found and start >> spare & 1 and found[-1] == (start - (1 << spare), spare):
            start = found.pop().start
            spare += 1
        found.append(Prefix(start, spare))
    return found


class _Tree(NamedTuple):
    """The sorted numbers, the weights of those before each, and bounds of the search.

    A node with no more than `smallest` on one of the sides is not divided.
    """

    numbers: Sequence[int]
    inside: list[int]
    outside: list[int]
    limit: int
    smallest: int

    def best(self, low: int, high: int) -> list[_Node]:
        """The best for 0, 1, 2 ... prefixes, among the numbers from row `low` to before `high`.

        Each call settles at least one more bit, so it goes no deeper than the numbers are long.
        """
        inside = self.inside[high] - self.inside[low]
        outside = self.outside[high] - self.outside[low]
        spare = (self.numbers[low] ^ self.numbers[high - 1]).bit_length()
        start = self.numbers[low] >> spare << spare
        found = [_Node(inside, ())]
        if outside < inside:
            found.append(_Node(outside, (Prefix(start, spare),)))
        if min(inside, outside) <= self.smallest:
            return found
        half = bisect_left(self.numbers, start + (1 << (spare - 1)), low, high)
        left, right = self.best(low, half), self.best(half, high)
        for count in range(1, min(len(left) + len(right) - 2, self.limit) + 1):
            splits = range(max(count - len(right) + 1, 0), min(count, len(left) - 1) + 1)
            ours = min(splits, key=lambda ours: left[ours].lost + right[count - ours].lost)
            a, b = left[ours], right[count - ours]
            least = found.pop() if len(found) > count else found[-1]
            if a.lost + b.lost < least.lost:
                least = _Node(a.lost + b.lost, a.prefixes + b.prefixes)
            found.append(least)
        return found
