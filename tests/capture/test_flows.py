"""The flow hash by the batch is the flow hash one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture.flows import flow_hashes4, flow_hashes6
from aclbench.engine.packet import KEY4_SIZE, KEY6_SIZE, flow_hash, key_words


def keys(size: int) -> st.SearchStrategy[bytes]:
    """Keys of a family; mostly TCP and UDP, whose ports count."""
    return st.binary(min_size=size, max_size=size) | st.builds(
        lambda ends, proto, flags: ends + bytes([proto, flags]),
        st.binary(min_size=size - 2, max_size=size - 2),
        st.sampled_from([1, 6, 17, 47, 58]),
        st.integers(0, 3),
    )


@given(st.lists(keys(KEY4_SIZE), min_size=1, max_size=20))
def test_ip4(made: list[bytes]) -> None:
    k0, k1, *_ = np.array([key_words(key) for key in made]).T.copy()
    assert flow_hashes4(k0, k1).tolist() == [flow_hash(key) for key in made]


@given(st.lists(keys(KEY6_SIZE), min_size=1, max_size=20))
def test_ip6(made: list[bytes]) -> None:
    k0, k1, k2, k3, k4 = np.array([key_words(key) for key in made]).T.copy()
    assert flow_hashes6(k0, k1, k2, k3, k4).tolist() == [flow_hash(key) for key in made]
