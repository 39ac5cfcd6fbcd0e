"""Few prefixes over many numbers."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture.covering import Prefix
from aclbench.capture.covering import cover as cover_arrays

#: Numbers of four bits: all sets of prefixes can be tried.
ALL = [Prefix(start, spare) for spare in range(5) for start in range(0, 16, 1 << spare)]


def cover(numbers: list[int], inside: list[bool], weights: list[int], limit: int) -> list[Prefix]:
    """The same, of lists."""
    return cover_arrays(numbers, np.array(inside), np.array(weights), limit)


def holds(prefixes: tuple[Prefix, ...] | list[Prefix], number: int) -> bool:
    """Whether a number is in one of them."""
    return any(start <= number < start + (1 << spare) for start, spare in prefixes)


def lost(
    prefixes: tuple[Prefix, ...] | list[Prefix], sides: dict[int, bool], weights: list[int]
) -> int:
    """What stands on the wrong side."""
    pairs = zip(sorted(sides), weights, strict=True)
    return sum(weight for number, weight in pairs if holds(prefixes, number) != sides[number])


@given(
    sides=st.dictionaries(st.integers(0, 15), st.booleans(), min_size=1),
    weights=st.lists(st.integers(1, 9), min_size=16, max_size=16),
    limit=st.integers(1, 3),
)
def test_no_other_choice_is_better(sides: dict[int, bool], weights: list[int], limit: int) -> None:
    sides[min(sides)] = True
    numbers, weights = sorted(sides), weights[: len(sides)]
    found = cover(numbers, [sides[number] for number in numbers], weights, limit)
    assert 1 <= len(found) <= limit
    assert found == sorted(found)
    assert all(a.start + (1 << a.spare) <= b.start for a, b in pairwise(found))
    least = min(
        lost(choice, sides, weights)
        for count in range(1, limit + 1)
        for choice in combinations(ALL, count)
    )
    inside = sum(w for number, w in zip(numbers, weights, strict=True) if sides[number])
    assert lost(found, sides, weights) <= least + inside // 100


@given(st.sets(st.integers(0, 255), min_size=1))
def test_with_room_it_is_exactly_the_set(inside: set[int]) -> None:
    numbers = list(range(256))
    found = cover(numbers, [number in inside for number in numbers], [1] * 256, 256)
    assert {number for number in numbers if holds(found, number)} == inside
    # None could be merged with another.
    assert not any((start ^ (1 << spare), spare) in found for start, spare in found)


def test_of_many_the_heaviest() -> None:
    """A thousand numbers that alternate: no prefix is exact, and one is heavy."""
    numbers = list(range(2000))
    weights = [1] * 2000
    weights[500] = 10_000
    found = cover(numbers, [number % 2 == 0 for number in numbers], weights, 4)
    assert holds(found, 500)
    assert len(found) <= 4


def test_numbers_of_128_bits() -> None:
    numbers = [0xFD << 120 | i << 64 for i in range(64)]
    found = cover(numbers, [i % 8 != 7 for i in range(64)], [1] * 64, 8)
    assert len(found) <= 8
    assert sum(holds(found, number) for number in numbers) >= 48
