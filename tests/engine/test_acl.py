"""How rules are held against packets, compared with an oracle written another way."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from engine.bench import (
    ACK,
    SYN,
    T0,
    Hand,
    address,
    frame4,
    frame6,
    icmp,
    tcp,
    udp,
    words,
)
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from aclbench.engine.acl import DENY, PERMIT, PERMIT_REFLECT, AclRule, prefix_mask
from aclbench.engine.matching import RuleCheck
from aclbench.engine.packet import parse_ethernet, unpack_key
from aclbench.engine.reasons import acl_of, action_of, rule_of

# --- what a packet says, as the oracle sees it: kept beside its bytes ------------------------

HOSTS4 = ["10.0.0.5", "10.0.0.6", "10.0.128.7", "192.168.0.5", "192.168.77.1", "9.255.255.255"]
HOSTS6 = ["fd00:1::5", "fd00:1:0:0:8000::6", "fd00:2::5", "fd00:2::1:5", "fe00::1"]
PORTS = st.sampled_from([0, 1, 53, 80, 1023, 1024, 65535])


@st.composite
def crafted(draw):
    """A packet's bytes, and what it says: (src, dst, proto, sport, dport, flags, kind).

    `kind` is "l4", "short" (L4 cut off) or "fragment" (not the first); flags None: not seen.
    """
    is_ip6 = draw(st.booleans())
    hosts = HOSTS6 if is_ip6 else HOSTS4
    src, dst = draw(st.sampled_from(hosts)), draw(st.sampled_from(hosts))
    proto = draw(st.sampled_from([6, 6, 17, 58 if is_ip6 else 1, 47]))
    sport, dport, flags = draw(PORTS), draw(PORTS), None
    if proto == 6:
        flags = draw(st.sampled_from([0, SYN, ACK, SYN | ACK, 0x14, 0xFF]))
        l4 = tcp(sport, dport, flags)
        if draw(st.integers(0, 4)) == 0:
            l4, flags = l4[:12], None
    elif proto == 17:
        l4 = udp(sport, dport)
    elif proto == 47:
        l4, sport, dport = bytes(12), 0, 0
    else:
        sport, dport = sport & 0xFF, dport & 0xFF
        l4 = icmp(sport, dport)
    kind = draw(st.sampled_from(["l4", "l4", "l4", "short", "fragment"]))
    fragment = 0
    if kind == "short":
        l4 = l4[:7]
    if is_ip6:
        if kind == "fragment":
            l4, outer = bytes([proto, 0, 0, 8, 0, 0, 0, 1]) + l4, 44
        else:
            outer = proto
        data = frame6(l4, outer, src, dst)
    else:
        if kind == "fragment":
            fragment = 0x2001
        data = frame4(l4, proto, src, dst, fragment)
    if kind != "l4":
        sport = dport = 0
        flags = None
    return data, (src, dst, proto, sport, dport, flags, kind)


@st.composite
def prefixes(draw, hosts, bits):
    """A network, often one that holds a host that packets have."""
    length = draw(st.sampled_from([0, 0, 1, 8, 15, 16, 17, 24, 31, 32, 64, 65, 127, 128]))
    return ip_network(f"{draw(st.sampled_from(hosts))}/{min(length, bits)}", strict=False)


@st.composite
def rules(draw):
    """A rule, and the same as the oracle reads it: (action, src, dst, proto, ports, flags)."""
    is_ip6 = draw(st.booleans())
    hosts, bits = (HOSTS6, 128) if is_ip6 else (HOSTS4, 32)
    src, dst = draw(prefixes(hosts, bits)), draw(prefixes(hosts, bits))
    proto = draw(st.sampled_from([0, 0, 6, 6, 17, 58 if is_ip6 else 1, 47]))
    sports, dports = sorted([draw(PORTS), draw(PORTS)]), sorted([draw(PORTS), draw(PORTS)])
    if draw(st.booleans()):
        sports = [0, 65535]
    if draw(st.booleans()):
        dports = [0, 65535]
    mask = draw(st.sampled_from([0, 0, SYN, SYN | ACK, 0xFF]))
    value = draw(st.sampled_from([0, SYN, SYN | ACK])) & mask
    action = draw(st.sampled_from([DENY, PERMIT, PERMIT_REFLECT]))
    rule = AclRule(
        action,
        is_ip6,
        int(src.network_address),
        src.prefixlen,
        int(dst.network_address),
        dst.prefixlen,
        proto,
        *sports,
        *dports,
        value,
        mask,
    )
    return rule, (action, src, dst, proto, sports, dports, value, mask)


def oracle_matches(rule, says, fragments):
    """Whether a rule matches, as DESIGN words it."""
    _, rule_src, rule_dst, rule_proto, sports, dports, value, mask = rule
    src, dst, proto, sport, dport, flags, kind = says
    if ip_address(src) not in rule_src or ip_address(dst) not in rule_dst:
        return False
    if rule_proto == 0:
        return True
    if rule_proto != proto:
        return False
    if kind == "fragment" and fragments:
        return True
    if kind != "l4":
        return False
    if sport not in range(sports[0], sports[1] + 1) or dport not in range(dports[0], dports[1] + 1):
        return False
    return flags is None or flags & mask == value


@examples(200)
@given(rules(), crafted(), st.booleans())
def test_one_rule_matches_as_the_oracle_says(rule, packet, fragments):
    """Every field of a rule against every kind of packet."""
    (rule, plain), (data, says) = rule, packet
    parsed = parse_ethernet(data)
    matches = RuleCheck().mismatch(rule, unpack_key(parsed.key), parsed.info, fragments) is None
    assert matches == oracle_matches(plain, says, fragments)


@examples(60)
@given(
    st.lists(st.lists(rules(), max_size=4), min_size=1, max_size=3),
    st.lists(crafted(), min_size=1, max_size=4),
    st.booleans(),
)
def test_the_first_match_in_order_decides(acls, packets, fragments):
    """The verdict names the ACL and the rule that a person finds by reading from the top."""
    bench = Hand(interfaces=1)
    indices = [
        bench.machine.acl_add_replace(None, tuple(rule for rule, _ in acl), "") for acl in acls
    ]
    bench.machine.set_interface_acls(bench.pg[0], True, tuple(indices))
    bench.am.l4_match_nonfirst_fragment = fragments
    for data, says in packets:
        bench.pg[0].sessions.clear()  # every packet anew: this is about rules
        found = next(
            (
                (indices[a], r, plain[0])
                for a, acl in enumerate(acls)
                for r, (_, plain) in enumerate(acl)
                if oracle_matches(plain, says, fragments)
            ),
            (-1, -1, DENY),
        )
        reason = bench.packet(data, T0).checks[0].reason
        assert (acl_of(reason), rule_of(reason), action_of(reason)) == found


# --- by name ---------------------------------------------------------------------------------


def field(rule: AclRule, data: bytes, fragments: bool = True) -> str | None:
    """The first field that differs."""
    packet = parse_ethernet(data)
    return RuleCheck().mismatch(rule, unpack_key(packet.key), packet.info, fragments)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (AclRule(PERMIT, is_ipv6=True), "family"),
        (AclRule(PERMIT, dst=address("10.0.0.0"), dst_prefixlen=8), "dst"),
        (AclRule(PERMIT, src=address("192.168.0.0"), src_prefixlen=16), "src"),
        (AclRule(PERMIT, proto=17), "proto"),
        (AclRule(PERMIT, proto=6, src_port_or_type_first=1001), "sport"),
        (AclRule(PERMIT, proto=6, dst_port_or_code_last=79), "dport"),
        (AclRule(PERMIT, proto=6, tcp_flags_mask=ACK, tcp_flags_value=ACK), "tcpflags"),
        (AclRule(PERMIT, proto=6, tcp_flags_mask=SYN, tcp_flags_value=SYN), None),
        (AclRule(PERMIT, src_port_or_type_first=9, src_port_or_type_last=9), None),
    ],
)
def test_a_mismatch_is_named(rule, says):
    """Someone who asks why a rule did not match is told the field; protocol 0 looks no further."""
    assert field(rule, frame4(tcp(1000, 80, SYN), 6)) == says


@pytest.mark.parametrize(("fragments", "says"), [(True, None), (False, "l4")])
def test_a_later_fragment_matches_on_addresses_and_protocol(fragments, says):
    """Unless `l4-match-nonfirst-fragment` is off; then a rule with a protocol does not match."""
    rule = AclRule(PERMIT, proto=17, dst_port_or_code_first=53, dst_port_or_code_last=53)
    assert field(rule, frame4(bytes(8), 17, fragment=9), fragments) == says


def test_without_seen_flags_the_flag_test_is_skipped():
    """A TCP packet cut at 13 bytes matches a rule that asks for SYN."""
    rule = AclRule(PERMIT, proto=6, tcp_flags_mask=SYN, tcp_flags_value=SYN)
    assert field(rule, frame4(tcp(1, 2, ACK)[:13], 6)) is None
    assert field(rule, frame4(tcp(1, 2, ACK)[:14], 6)) == "tcpflags"


@pytest.mark.parametrize(
    "wrong",
    [
        {"src": address("10.0.0.1"), "src_prefixlen": 24},
        {"dst": 1, "dst_prefixlen": 0},
        {"is_ipv6": True, "src": address("fd00::1"), "src_prefixlen": 127},
    ],
)
def test_host_bits_are_refused(wrong):
    """Such a rule would never match, in silence."""
    with pytest.raises(ValueError, match="below its length"):
        Hand().machine.acl_add_replace(None, (AclRule(PERMIT, **wrong),), "")


def test_a_mask_is_the_networks():
    """Every length of both families."""
    for length in range(33):
        assert prefix_mask(length, 32) == int(ip_network(f"0.0.0.0/{length}").netmask)
    for length in range(129):
        assert prefix_mask(length, 128) == int(ip_network(f"::/{length}").netmask)


# --- applied ---------------------------------------------------------------------------------


def test_a_side_without_acls_is_not_checked():
    """The packet passes, and an existing session is not even refreshed."""
    bench = Hand()
    bench.apply(1, is_input=False)
    bench.packet(frame4(udp(1, 2), 17), T0)
    verdict = bench.packet(frame4(udp(2, 1), 17, "192.168.0.5", "10.0.0.5"), T0 + 5, rx=1)
    assert verdict.checks == ()
    assert words(verdict) == "no ACL applied on its way"
    assert bench.live()[0].last_active_time == T0


def test_no_rule_matched_is_a_deny():
    """What nobody permits is dropped, and the reason says so."""
    bench = Hand()
    bench.machine.acl_add_replace(0, (), "")
    bench.apply()
    verdict = bench.packet(frame4(udp(1, 2), 17), T0)
    assert (words(verdict), verdict.tx) == ("no rule matched", -1)


def test_an_acl_that_does_not_exist_is_a_deny():
    """Later ACLs of the interface are not asked."""
    bench = Hand()
    bench.machine.set_interface_acls(bench.pg[0], True, (9, 0))
    verdict = bench.packet(frame4(udp(1, 2), 17), T0)
    assert (words(verdict), verdict.tx) == ("no such ACL", -1)


def test_replacing_rules_leaves_sessions_alone():
    """Connections that were permitted live on; only new ones meet the new rules."""
    bench = Hand()
    bench.apply()
    bench.packet(frame4(udp(1, 2), 17), T0)
    bench.machine.acl_add_replace(0, (AclRule(DENY),), "")
    assert words(bench.packet(frame4(udp(1, 2), 17), T0)) == "existing session"
    assert words(bench.packet(frame4(udp(1, 3), 17), T0)) == "acl 0 rule 0: deny"


def test_acl_indices_are_reused_lowest_first():
    """A deleted ACL's number goes to the next one, and an applied one cannot be deleted."""
    bench = Hand()
    machine = bench.machine
    assert [machine.acl_add_replace(None, (), "") for _ in range(3)] == [1, 2, 3]
    machine.acl_del(2)
    machine.acl_del(1)
    assert machine.acl_add_replace(None, (), "") == 1
    bench.apply(0, acl=3)
    with pytest.raises(ValueError, match="applied"):
        machine.acl_del(3)
    with pytest.raises(ValueError, match="no ACL 7"):
        machine.acl_add_replace(7, (), "")
