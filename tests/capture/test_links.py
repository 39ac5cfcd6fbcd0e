"""Link types: decoding in batches agrees with the rule for one packet, alone and mixed."""

from __future__ import annotations

import pytest
from capture.containers import LINKS, relink
from capture.frames import FRAMES, ethernet, ip4, ip6, tcp, udp
from capture.linked import assert_agrees, linked
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench.capture.links import as_ethernet
from aclbench.engine.packet import INFO_CUT, INFO_MALFORMED, INFO_NOT_IP, parse_ethernet


@examples(100)
@given(
    frames=st.lists(st.tuples(FRAMES, st.sampled_from(LINKS)), max_size=12),
    order=st.sampled_from("<>"),
    tail=st.sampled_from((0, 10, 200)),
)
def test_any_bytes_of_mixed_links(frames: list[tuple[bytes, int]], order: str, tail: int) -> None:
    made = [relink(frame, link, order) for frame, link in frames]
    assert_agrees(linked(made, [link for _, link in frames], tail))


@examples(100)
@given(
    frames=st.lists(FRAMES | st.binary(max_size=90), max_size=8),
    link=st.sampled_from(LINKS),
    convert=st.booleans(),
)
def test_any_bytes_of_one_link(frames: list[bytes], link: int, convert: bool) -> None:
    made = [relink(frame, link) if convert else frame for frame in frames]
    assert_agrees(linked(made, [link] * len(made)))


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_link_says_what_ethernet_says(link: int, order: str) -> None:
    frames = [ethernet(ip4(tcp(), 6), 0x0800)] * (link != 229)
    frames += [ethernet(ip6(udp(), 17), 0x86DD)] * (link != 228)
    if link in (1, 113, 276):
        frames += [ethernet(ip4(tcp(), 6), 0x0800, tags=(0x88A8, 0x8100))]
    made = [relink(frame, link, order) for frame in frames]
    columns = assert_agrees(linked(made, [link] * len(made)))
    assert columns.keys() == [parse_ethernet(frame).key for frame in frames]
    assert all(columns.keys())
    for frame, whole in zip(made, frames, strict=True):
        assert as_ethernet(frame, link)[12:] == whole[12:]


@pytest.mark.parametrize("said", [45, 48, 61, 64, 69, 72, 100])
@pytest.mark.parametrize("family", [2, 24, 28, 30])
def test_pflog_of_each_system(said: int, family: int) -> None:
    """Its header says how long it is, with or without what it is filled up by.

    45 bytes in the first OpenBSD; 61 with process ids (OpenBSD, NetBSD, FreeBSD, Darwin), 69 with
    FreeBSD's rule label, 100 with the addresses ahead of a translation (OpenBSD since 4.9). The
    number of IPv6's address family is the system's own. Wireshark reads the same from all of them.
    """
    ip, ethertype = (ip4(tcp(), 6), 0x0800) if family == 2 else (ip6(udp(), 17), 0x86DD)
    header = bytes([said, family, 1, 0]) + b"em0".ljust(16, b"\0")
    frame = header.ljust((said + 3) // 4 * 4, b"\x01") + ip
    columns = assert_agrees(linked([frame, frame], [117, 117]))
    assert columns.keys() == [parse_ethernet(ethernet(ip, ethertype)).key] * 2


@pytest.mark.parametrize("link", LINKS)
def test_cut_at_every_length(link: int) -> None:
    frame = relink(ethernet(ip6(tcp(), 6), 0x86DD), link)
    columns = assert_agrees(
        linked([frame[:size] for size in range(len(frame) + 1)], [link] * (len(frame) + 1))
    )
    header = len(frame) - 60  # 40 of IPv6, 20 of TCP
    if link != 228:
        keys = columns.keys()
        assert [bool(key) for key in keys] == [
            size >= header + 40 for size in range(len(frame) + 1)
        ]
        # A NFLOG record does not say how long the packet was.
        begun = INFO_CUT if link == 239 else INFO_MALFORMED
        assert set(columns.info[:header].tolist()) <= {INFO_MALFORMED}
        assert set(columns.info[header + 1 : header + 40].tolist()) == {begun}


def test_what_is_not_ip() -> None:
    frames = [relink(ethernet(bytes(28), 0x0806), link) for link in (0, 1, 113, 276)]
    assert set(assert_agrees(linked(frames, [0, 1, 113, 276])).info) == {INFO_NOT_IP}
    assert assert_agrees(linked([bytes(40)], [101])).info == [INFO_MALFORMED]
