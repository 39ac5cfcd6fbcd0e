"""The flow hash by the batch is the flow hash one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture import flow_hashes
from aclbench.engine.packet import KEY4_SIZE, KEY6_SIZE, flow_hash

KEYS = st.one_of(
    st.just(b""),
    *(st.binary(min_size=size, max_size=size) for size in (KEY4_SIZE, KEY6_SIZE)),
    # Mostly TCP and UDP, whose ports count.
    st.builds(
        lambda ends, proto: ends + bytes([proto, 0]),
        st.binary(min_size=KEY4_SIZE - 2, max_size=KEY4_SIZE - 2),
        st.sampled_from([1, 6, 17, 47]),
    ),
    st.builds(
        lambda ends, proto: ends + bytes([proto, 2]),
        st.binary(min_size=KEY6_SIZE - 2, max_size=KEY6_SIZE - 2),
        st.sampled_from([6, 17, 58]),
    ),
)


@given(st.lists(KEYS, max_size=40))
def test_many_at_once_are_as_one_by_one(keys: list[bytes]) -> None:
    """Either family, both mixed, no key at all."""
    assert flow_hashes(keys) == [flow_hash(key) if key else 0 for key in keys]
