"""Single conversations of the inside hosts: what `traffic.py` is made of."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hosts import DNS_PORT, ECHO_PORT, HTTP_PORT

ICMP6_ECHO_REQUEST = 128


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


def udp_socket(src: str, dst: str, port: int = DNS_PORT) -> socket.socket:
    """A UDP socket to a server, that of DNS unless told."""
    family = socket.AF_INET6 if ":" in src else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.settimeout(2)
    sock.bind((src, 0))
    sock.connect((dst, port))
    return sock


def ask(sock: socket.socket, name: str, qtype: int = 1, number: int = 1) -> None:
    """Ask, and wait for the answer."""
    sock.send(query(name, qtype, number))
    sock.recv(512)


def ping(src: str, dst: str, count: int, interval_s: float = 0.2, size: int = 56) -> None:
    """Ping, with so many bytes; the answers are not looked at."""
    command = ["ping", "-n", "-q", "-c", str(count), "-i", str(interval_s), "-s", str(size)]
    command += ["-I", src, dst]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)


def ping_with(sock: socket.socket, dst: str, number: int) -> None:
    """One ping on a raw ICMPv6 socket, which may have options; waits for the answer."""
    echo = struct.pack("!BBHHH", ICMP6_ECHO_REQUEST, 0, 0, 1, number) + b"ping with options"
    sock.sendto(echo, (dst, 0))
    sock.recv(1024)


def swap(src: str, dst: str, size: int, times: int = 1) -> None:
    """Send datagrams of so many bytes to the echo server, and wait for each to come back."""
    with udp_socket(src, dst, ECHO_PORT) as sock:
        for _ in range(times):
            sock.send(b"x" * size)
            sock.recv(65536)


def reset_on_close(connection: socket.socket) -> None:
    """Have a connection end with RST instead of FIN when it is closed."""
    no_lingering = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_lingering)


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
