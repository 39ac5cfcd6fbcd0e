"""Columns of numbers, sorted."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture.ranking import in_order, ranked

#: Small ones, with equals among them, or as large as there are.
NUMBERS = st.lists(st.integers(0, 5), min_size=1) | st.lists(
    st.integers(0, (1 << 63) - 1), min_size=1
)


@given(NUMBERS)
def test_numbers_are_sorted_and_equals_keep_their_order(numbers: list[int]) -> None:
    """Also where a number leaves no room for its row."""
    ordered, rows = in_order(np.array(numbers, dtype=np.int64))
    expected = sorted(range(len(numbers)), key=numbers.__getitem__)
    assert rows.tolist() == expected
    assert ordered.tolist() == sorted(numbers)


@given(NUMBERS | st.lists(st.binary(min_size=16, max_size=16), min_size=1))
def test_each_value_is_found_among_the_different_ones(values: list[int] | list[bytes]) -> None:
    """Numbers, and the byte strings that IPv6 addresses are."""
    dtype = "S16" if isinstance(values[0], bytes) else np.int64
    column = np.array(values, dtype=dtype)
    different, rank = ranked(column)
    assert different.tolist() == sorted(set(column.tolist()))
    assert np.array_equal(different[rank], column)
