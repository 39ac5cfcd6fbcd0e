"""What the hosts say to each other while `record.py` records: servers and clients, one per file.

Run inside a network namespace by `record.py`, never by hand: `traffic.py serve` on the outside
hosts, `traffic.py CAPTURE` on the inside hosts. A line on standard input moves on to the next
scene; a line on standard output says that one is over. Standard library alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import http.server
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import cast

INSIDE4 = [f"10.0.0.{host}" for host in range(2, 6)]
INSIDE6 = [f"fd00:1::{host}" for host in range(2, 6)]
OUTSIDE4 = [f"192.168.0.{host}" for host in range(2, 6)]
OUTSIDE6 = [f"fd00:2::{host}" for host in range(2, 6)]
#: Behind the router by its neighbour table, but nobody is there: what is sent to it is lost.
NOBODY4, NOBODY6 = "192.168.0.99", "fd00:2::99"

ECHO_PORT, DNS_PORT, HTTP_PORT, CHAT_PORT, CLOSED_PORT = 7, 53, 80, 5222, 81

FAMILIES = ((INSIDE4, OUTSIDE4, NOBODY4), (INSIDE6, OUTSIDE6, NOBODY6))


def scene_over() -> None:
    """Tell the recorder that a scene is over, and wait until it wants the next."""
    print("over", flush=True)
    sys.stdin.readline()


# --- the outside: servers -----------------------------------------------------------------------


class _Pages(http.server.BaseHTTPRequestHandler):
    """Answers GET /N with N bytes of text."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"x" * int(self.path.strip("/") or 0)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _PageServer(http.server.ThreadingHTTPServer):
    """An HTTP server for one family, so that each family has its own."""

    def __init__(self, family: socket.AddressFamily, everywhere: str) -> None:
        self.address_family = family
        super().__init__((everywhere, HTTP_PORT), _Pages)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()


class _Dns(asyncio.DatagramProtocol):
    """Answers any A or AAAA question with one address."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        question = data[12:]
        qtype = struct.unpack("!H", question[-4:-2])[0]
        address = socket.inet_aton("192.0.2.1") if qtype == 1 else b"\x20\x01\x0d\xb8" + bytes(12)
        header = data[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
        answer = struct.pack("!HHHIH", 0xC00C, qtype, 1, 300, len(address)) + address
        self.transport.sendto(header + question + answer, peer)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send everything back; close when the other side does."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
        writer.close()


class _Chat:
    """Greets, echoes, and speaks on every open connection when it is told to."""

    def __init__(self) -> None:
        self.writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        writer.write(b"welcome\n")
        await _echo(reader, writer)
        self.writers.discard(writer)

    def push(self) -> None:
        for writer in self.writers:
            writer.write(b"anybody there?\n")


async def serve() -> None:
    """All servers, until standard input ends; each line on it makes the chat server speak."""
    loop = asyncio.get_running_loop()
    chat = _Chat()
    for family, everywhere, addresses in (
        (socket.AF_INET, "0.0.0.0", OUTSIDE4),
        (socket.AF_INET6, "::", OUTSIDE6),
    ):
        pages = _PageServer(family, everywhere)
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        # One socket for each address, so that the answer comes from the address that was asked.
        for address in addresses:
            await loop.create_datagram_endpoint(_Dns, local_addr=(address, DNS_PORT))
        await asyncio.start_server(_echo, everywhere, ECHO_PORT)
        await asyncio.start_server(chat.serve, everywhere, CHAT_PORT)
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    print("over", flush=True)
    while await stdin.readline():
        chat.push()
        print("over", flush=True)


# --- the inside: single conversations ---------------------------------------------------------


def get(src: str, dst: str, *sizes: int, close_first: bool = False) -> None:
    """GET pages of these sizes on one connection; `close_first`: the server is to close it."""
    connection = http.client.HTTPConnection(dst, HTTP_PORT, timeout=5, source_address=(src, 0))
    for size in sizes:
        headers = {"Connection": "close"} if close_first else {}
        connection.request("GET", f"/{size}", headers=headers)
        connection.getresponse().read()
    connection.close()


def query(name: str, qtype: int, number: int) -> bytes:
    """A DNS question."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return (
        struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0)
        + labels
        + struct.pack("!BHH", 0, qtype, 1)
    )


def udp_socket(src: str, dst: str) -> socket.socket:
    """A UDP socket to the DNS server."""
    family = socket.AF_INET6 if ":" in src else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.settimeout(2)
    sock.bind((src, 0))
    sock.connect((dst, DNS_PORT))
    return sock


def ask(sock: socket.socket, name: str, qtype: int = 1, number: int = 1) -> None:
    """Ask, and wait for the answer."""
    sock.send(query(name, qtype, number))
    sock.recv(512)


def ping(src: str, dst: str, count: int, interval_s: float = 0.2) -> None:
    """Ping; the answers are not looked at."""
    command = ["ping", "-n", "-q", "-c", str(count), "-i", str(interval_s), "-I", src, dst]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)


def connect(src: str, dst: str, port: int) -> socket.socket:
    """An open TCP connection."""
    return socket.create_connection((dst, port), timeout=5, source_address=(src, 0))


def say(connection: socket.socket, text: bytes) -> None:
    """Send a line, and wait for the echo of its last byte."""
    connection.sendall(text)
    left = len(text)
    while left > 0:
        left -= len(connection.recv(left))


def knock(src: str, dst: str, seconds: float, sport: int = 0) -> None:
    """Try to connect to somebody who does not answer: the SYN goes out again and again."""
    with contextlib.suppress(TimeoutError):
        socket.create_connection(
            (dst, HTTP_PORT), timeout=seconds, source_address=(src, sport)
        ).close()


def at_once(*calls: Callable[[], object]) -> None:
    """Make these calls side by side, and wait for all."""
    with ThreadPoolExecutor(max_workers=len(calls)) as threads:
        for done in [threads.submit(call) for call in calls]:
            done.result()  # what went wrong in one goes wrong here, and ends the recording


# --- the inside: one function for each capture ------------------------------------------------


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


def main() -> None:
    """Do what the command line says."""
    role = sys.argv[1]
    if role == "serve":
        asyncio.run(serve())
    else:
        {
            "http": http_,
            "dns-ping": dns_ping,
            "half-open": half_open,
            "long-gaps": long_gaps,
            "many-flows": many_flows,
        }[role]()


if __name__ == "__main__":
    main()
