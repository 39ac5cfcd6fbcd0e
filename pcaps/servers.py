"""The servers on the outside hosts while `record.py` records.

Run in the namespace `outside`, never by hand. A line on standard input makes the chat server speak
on every open connection. Standard library alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import socket
import struct
import sys
import threading
from typing import cast

from hosts import (
    ABORT_PORT,
    CHAT_PORT,
    DNS_PORT,
    ECHO_PORT,
    HTTP_PORT,
    OPTIONS_PORT,
    OUTSIDE4,
    OUTSIDE6,
)
from options import set_options
from talk import reset_on_close


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


class _Echo(asyncio.DatagramProtocol):
    """Sends every datagram back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        self.transport.sendto(data, peer)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send everything back; close when the other side does."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
        writer.close()


async def _abort(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hear what is said, and hang up with RST."""
    await reader.read(4096)
    reset_on_close(writer.get_extra_info("socket"))
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


async def _serve_with_options(loop: asyncio.AbstractEventLoop) -> None:
    """Echo over TCP and UDP on OPTIONS_PORT; connections inherit the options of the listener."""
    address = (OUTSIDE6[0], OPTIONS_PORT)
    listener = socket.create_server(address, family=socket.AF_INET6)
    datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    datagrams.bind(address)
    for sock in (listener, datagrams):
        set_options(sock, hop_by_hop=True, destination=True)
        sock.setblocking(False)
    await asyncio.start_server(_echo, sock=listener)
    await loop.create_datagram_endpoint(_Echo, sock=datagrams)


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
            await loop.create_datagram_endpoint(_Echo, local_addr=(address, ECHO_PORT))
        await asyncio.start_server(_echo, everywhere, ECHO_PORT)
        await asyncio.start_server(chat.serve, everywhere, CHAT_PORT)
        await asyncio.start_server(_abort, everywhere, ABORT_PORT)
    await _serve_with_options(loop)
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    print("over", flush=True)
    while await stdin.readline():
        chat.push()
        print("over", flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
