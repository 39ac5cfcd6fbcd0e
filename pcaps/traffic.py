"""What the inside hosts say while `record.py` records: one function for each capture.

Run inside a network namespace by `record.py`, never by hand: `traffic.py CAPTURE`. A line on
standard output says that a scene is over; a line on standard input begins the next one. Standard
library alone.
"""

from __future__ import annotations

import contextlib
import errno
import random
import socket
import sys
import time
from collections.abc import Callable
from functools import partial

from hosts import (
    ABORT_PORT,
    CHAT_PORT,
    CLOSED_PORT,
    ECHO_PORT,
    FAMILIES,
    HTTP_PORT,
    INSIDE6,
    OPTIONS_PORT,
    OUTSIDE6,
)
from options import set_options
from talk import (
    ask,
    at_once,
    connect,
    get,
    knock,
    ping,
    ping_with,
    reset_on_close,
    say,
    swap,
    udp_socket,
)


def scene_over() -> None:
    """Tell the recorder that a scene is over, and wait until it wants the next."""
    print("over", flush=True)
    sys.stdin.readline()


def http_() -> None:
    """Two requests on a connection that the client closes, one on one that the server closes."""
    for inside, outside, _ in FAMILIES:
        get(inside[0], outside[0], 200, 3000)
        time.sleep(0.3)
        get(inside[1], outside[0], 40, close_first=True)
        time.sleep(0.3)
    scene_over()


def dns_ping() -> None:
    """Questions of two hosts over UDP, each on a port of its own, and pings of one."""
    for inside, outside, _ in FAMILIES:
        for number in range(4):
            src, dst = inside[number % 2], outside[number // 2]
            with udp_socket(src, dst) as sock:
                ask(sock, f"host{number}.example.org", 1, number)
                ask(sock, f"host{number}.example.org", 28, number + 100)
            time.sleep(0.1)
        ping(inside[0], outside[0], 5)
    scene_over()


def half_open() -> None:
    """SYNs that nobody answers, sent again and again, beside one connection that opens."""
    calls = [lambda i=i, n=n: knock(i[0], n, 8) for i, _, n in FAMILIES]
    calls += [lambda i=i, o=o: get(i[1], o[0], 10) for i, o, _ in FAMILIES]
    at_once(*calls)
    scene_over()


def long_gaps() -> None:
    """Five scenes; the recorder puts a gap between each and the next."""
    talk = [connect(i[0], o[0], ECHO_PORT) for i, o, _ in FAMILIES]
    chat = [connect(i[1], o[0], CHAT_PORT) for i, o, _ in FAMILIES]
    names = [udp_socket(i[0], o[0]) for i, o, _ in FAMILIES]
    knocks = [
        lambda i=i, n=n, p=p: knock(i[2], n, 3.5, p)
        for (i, _, n), p in zip(FAMILIES, (45004, 45006), strict=True)
    ]

    def each(sockets: list[socket.socket], do: Callable[[socket.socket], object]) -> None:
        for sock in sockets:
            do(sock)

    each(chat, lambda c: c.recv(100))
    each(talk, lambda c: say(c, b"first words\n"))
    each(names, lambda s: ask(s, "first.example.org"))
    for inside, outside, _ in FAMILIES:
        get(inside[3], outside[1], 30)
        ping(inside[0], outside[0], 2)
    at_once(*knocks)
    scene_over()
    each(talk, lambda c: say(c, b"still here\n"))
    each(names, lambda s: ask(s, "second.example.org"))
    at_once(*knocks)
    scene_over()
    each(names, lambda s: ask(s, "third.example.org"))
    for inside, outside, _ in FAMILIES:
        ping(inside[0], outside[0], 2)
    scene_over()
    each(talk, lambda c: say(c, b"a day later\n"))
    scene_over()  # and the chat server speaks
    each(chat, lambda c: c.recv(100))
    each([*talk, *chat], lambda c: c.close())
    time.sleep(0.5)
    scene_over()


def many_flows() -> None:
    """Dozens of conversations side by side, for half a minute; a third of them stay open."""
    draw = random.Random(2017)
    kept: list[socket.socket] = []
    calls: list[Callable[[], None]] = []
    for number in range(100):
        inside, outside, nobody = FAMILIES[number % 3 == 2]
        src, dst = draw.choice(inside), draw.choice(outside)
        kind = _KINDS[number % len(_KINDS)]
        start_s, pause_s = draw.uniform(0, 18), draw.uniform(0.3, 1.5)
        ends = (src, dst, nobody)
        calls.append(partial(_converse, kind, ends, start_s, pause_s, kept))
    at_once(*calls)
    scene_over()


_KINDS = ("web", "chat", "dns", "web", "echo", "ping", "chat", "dns", "nobody", "closed")


def _converse(
    kind: str, ends: tuple[str, str, str], start_s: float, pause_s: float, kept: list[socket.socket]
) -> None:
    """One conversation of a kind, `start_s` from now, with pauses."""
    src, dst, nobody = ends
    time.sleep(start_s)
    if kind == "web":
        for _ in range(3):
            get(src, dst, 20, 40)
            time.sleep(pause_s)
    elif kind in ("chat", "echo"):
        connection = connect(src, dst, CHAT_PORT if kind == "chat" else ECHO_PORT)
        kept.append(connection)
        if kind == "chat":
            connection.recv(100)
        for turn in range(8):
            say(connection, b"turn %d\n" % turn)
            time.sleep(pause_s)
        if kind == "echo":
            connection.close()
    elif kind == "dns":
        with udp_socket(src, dst) as sock:
            for number in range(4):
                ask(sock, f"name{number}.example.org", number=number)
                time.sleep(pause_s)
    elif kind == "ping":
        ping(src, dst, 6, 1)
    elif kind == "nobody":
        knock(src, nobody, 7.5)
    else:
        with contextlib.suppress(ConnectionRefusedError):
            connect(src, dst, CLOSED_PORT)


def reset() -> None:
    """Established connections that one end aborts: two by the client, two by the server."""
    for inside, outside, _ in FAMILIES:
        for number in range(2):
            connection = connect(inside[number], outside[0], ECHO_PORT)
            say(connection, b"and away\n")
            reset_on_close(connection)
            connection.close()
            time.sleep(0.1)
        for number in range(2):
            connection = connect(inside[number], outside[0], ABORT_PORT)
            connection.sendall(b"go away\n")
            with contextlib.suppress(ConnectionResetError):
                connection.recv(100)
            connection.close()
            time.sleep(0.1)
    scene_over()


def refused() -> None:
    """TCP and UDP to closed ports: answered by RST, and by ICMP errors."""
    for inside, outside, _ in FAMILIES:
        for number in range(4):
            with contextlib.suppress(ConnectionRefusedError):
                connect(inside[number], outside[0], CLOSED_PORT)
            time.sleep(0.05)
        for number in range(4):
            with udp_socket(inside[number], outside[1], CLOSED_PORT) as sock:
                sock.send(b"anybody there?")
                with contextlib.suppress(ConnectionRefusedError):
                    sock.recv(100)
            time.sleep(0.05)
    scene_over()


def fragments() -> None:
    """Datagrams and pings too large for one packet, and so their answers; small ones as well."""
    for inside, outside, _ in FAMILIES:
        swap(inside[0], outside[0], 100)
        for _ in range(2):  # two sockets, so two pairs of ports
            swap(inside[0], outside[0], 4000, times=2)
        swap(inside[1], outside[0], 1600)
        ping(inside[0], outside[0], 2, size=4000)
    scene_over()


def ip6_extensions() -> None:
    """IPv6 options and routing headers over UDP, TCP and ICMPv6, whole and in fragments.

    The same without any beside them, and a little IPv4.
    """
    plain, padded, outside = INSIDE6[1], INSIDE6[0], OUTSIDE6[0]
    swap(plain, outside, 100)
    for size in (100, 3000):
        with udp_socket(padded, outside, OPTIONS_PORT) as sock:
            set_options(sock, hop_by_hop=True, destination=True)
            for _ in range(2):
                sock.send(b"x" * size)
                sock.recv(65536)
        with udp_socket(INSIDE6[2], outside, ECHO_PORT) as sock:
            set_options(sock, destination=True, by_way_of=OUTSIDE6[1])
            for _ in range(2):
                sock.send(b"x" * size)
                sock.recv(65536)
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as connection:
        set_options(connection, hop_by_hop=True, destination=True)
        connection.bind((padded, 0))
        connection.connect((outside, OPTIONS_PORT))
        say(connection, b"with options\n")
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sock:
        sock.bind((padded, 0))
        sock.settimeout(2)
        set_options(sock, hop_by_hop=True, destination=True)
        for number in range(3):
            ping_with(sock, outside, number)
    inside4, outside4, _ = FAMILIES[0]
    get(inside4[0], outside4[0], 20)
    scene_over()


def vlans() -> None:
    """Three scenes; between them the switches change the tags. Connections stay what they are."""
    talk = [connect(i[0], o[0], ECHO_PORT) for i, o, _ in FAMILIES]
    for scene in range(3):
        for connection in talk:
            say(connection, b"scene %d\n" % scene)
        for inside, outside, _ in FAMILIES:
            with udp_socket(inside[1], outside[0]) as sock:
                ask(sock, "tagged.example.org")
            get(inside[2], outside[0], 3000)
            ping(inside[0], outside[0], 2)
        scene_over()


def syn_flood() -> None:
    """Hundreds of SYNs to where nobody is, and among them connections that open and stay open."""
    kept: list[socket.socket] = []

    def flood() -> None:
        draw = random.Random(2017)
        for _ in range(50):
            waiting = [_begin(*draw.choice(_FLOODS)) for _ in range(20)]
            time.sleep(0.1)
            for sock in waiting:
                sock.close()  # before it sends its SYN once more

    def converse() -> None:
        for number in range(32):
            inside, outside, _ = FAMILIES[number % 4 == 3]
            connection = connect(inside[number % 3], outside[0], ECHO_PORT)
            say(connection, b"honest\n")
            kept.append(connection)
            time.sleep(0.14)

    at_once(flood, converse)
    for connection in kept:
        say(connection, b"still here\n")
    scene_over()


_FLOODS = [(src, nobody) for inside, _, nobody in FAMILIES for src in inside]


def _begin(src: str, dst: str) -> socket.socket:
    """A connection attempt that nobody waits for: one SYN."""
    sock = socket.socket(socket.AF_INET6 if ":" in src else socket.AF_INET)
    sock.setblocking(False)
    sock.bind((src, 0))
    begun = sock.connect_ex((dst, HTTP_PORT))
    assert begun == errno.EINPROGRESS
    return sock


def port_scan() -> None:
    """One host tries many ports of another, as fast as it can; then it uses what it found."""
    found: list[socket.socket] = []
    for (inside, outside, _), last in zip(FAMILIES, (500, 100), strict=True):
        for port in range(1, last + 1):
            with contextlib.suppress(ConnectionRefusedError):
                found.append(connect(inside[0], outside[0], port))
    for connection in found:
        if connection.getpeername()[1] != ECHO_PORT:
            connection.close()
    for turn in range(16):
        for connection in found:
            if connection.fileno() >= 0:
                say(connection, b"turn %d\n" % turn)
        time.sleep(0.5)
    scene_over()


def asymmetric() -> None:
    """Conversations that all come off, though half of each goes past the recording."""
    for inside, outside, _ in FAMILIES:
        get(inside[0], outside[0], 200, 3000)
        connection = connect(inside[1], outside[0], ECHO_PORT)
        for turn in range(3):
            say(connection, b"turn %d\n" % turn)
            time.sleep(0.1)
        connection.close()
        with udp_socket(inside[1], outside[0]) as sock:
            ask(sock, "asymmetric.example.org")
            ask(sock, "asymmetric.example.org", 28)
        ping(inside[0], outside[0], 3)
    scene_over()


CAPTURES: dict[str, Callable[[], None]] = {
    "http": http_,
    "dns-ping": dns_ping,
    "half-open": half_open,
    "long-gaps": long_gaps,
    "many-flows": many_flows,
    "reset": reset,
    "refused": refused,
    "fragments": fragments,
    "ip6-extensions": ip6_extensions,
    "vlans": vlans,
    "syn-flood": syn_flood,
    "port-scan": port_scan,
    "asymmetric": asymmetric,
}

if __name__ == "__main__":
    CAPTURES[sys.argv[1]]()
