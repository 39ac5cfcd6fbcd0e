"""Packet-generator streams: captures that arrive on an interface once they are enabled.

The streams of a bench are a frozen value, so that its history can take them back. Those that are
enabled together arrive as one feed, merged by their captures' times, which has the bench to itself.
A stream is known by its capture's content: run again from a journal, another content is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import Struct

from aclbench.capture.links import as_ethernet
from aclbench.capture.reader import open_capture
from aclbench.errors import CaptureError, CommandError
from aclbench.files import TemporaryFolder, reason
from aclbench.workbench.tasks import Progress, Slices

#: What is read of a capture in one slice.
SLICE_BYTES: Final = 1 << 20


class Stream(Struct, frozen=True):
    """What `packet-generator new` made. `limit` is how many packets of the capture arrive."""

    name: str
    interface: str
    pcap: str
    sha256: str
    limit: int
    packets: int
    rate: str = ""

    @property
    def line(self) -> str:
        """The command that makes exactly this stream again, whatever has become of its file."""
        rate = f" rate {self.rate}" if self.rate else ""
        return (
            f'packet-generator new {{ name {self.name} limit {self.limit} pcap "{self.pcap}" '
            f"source {self.interface}{rate} sha256 {self.sha256} }}"
        )


class Streams(Struct, frozen=True):
    """All of them in the order made, and the names of those that were enabled last."""

    all: tuple[Stream, ...] = ()
    enabled: tuple[str, ...] = ()

    def find(self, name: str) -> Stream:
        """A stream by its name; CommandError if there is none."""
        for stream in self.all:
            if stream.name == name:
                return stream
        known = ", ".join(stream.name for stream in self.all) or "none yet"
        raise CommandError(f"there is no stream {name[:64]}; this bench has {known}")


def measuring(path: Path) -> Slices[tuple[str, int]]:
    """The SHA-256 of a capture and how many packets it has. CommandError: it cannot be read."""
    import hashlib

    try:
        if str(path) == "-" or not path.is_file():
            raise CommandError(f"{path}: no such file; pcap names a capture")
        with path.open("rb") as file:
            total, digest = path.stat().st_size, hashlib.sha256()
            while block := file.read(SLICE_BYTES):
                digest.update(block)
                yield Progress(file.tell(), total, "bytes")
        with open_capture(path) as reader:
            for _ in reader.batches():
                yield Progress(reader.packets_read, unit="packets read")
            return digest.hexdigest(), reader.packets_read
    except (OSError, ValueError) as error:
        raise CommandError(f"{str(path)[:256]}: cannot be opened: {reason(error)}") from None
    except CaptureError as error:
        raise CommandError(str(error)) from None


#: The first packets of captures by their content and how many: written once a process.
_PARTS: Final[dict[tuple[str, int], Path]] = {}
_folder: TemporaryFolder | None = None


def capture_of(stream: Stream) -> Slices[Path]:
    """A file with exactly the packets that a stream sends. CommandError: the capture has changed.

    Where a limit cuts it short, a copy of the first packets, as Ethernet.
    """
    global _folder
    key = stream.sha256, stream.limit
    if stream.limit < stream.packets and key in _PARTS:
        return _PARTS[key]
    path = Path(stream.pcap)
    sha256, _ = yield from measuring(path)
    if sha256 != stream.sha256:
        raise CommandError(f"{path}: has changed since the stream {stream.name} was made of it")
    if stream.limit == stream.packets:
        return path
    if _folder is None:
        _folder = TemporaryFolder()
    from aclbench.capture.writer import PcapWriter

    part = _folder.path / f"{stream.sha256[:16]}-{stream.limit}.pcap"
    with PcapWriter(part) as writer, open_capture(path) as reader:
        for batch in reader.batches():
            for index in range(min(len(batch), stream.limit - writer.count)):
                frame = batch.frame(index)
                ethernet = as_ethernet(frame, batch.link_of(index))
                original = batch.original(index) + len(ethernet) - len(frame)
                writer.write(int(batch.time_ns[index]), ethernet, original)
            if writer.count >= stream.limit:
                break
            yield Progress(writer.count, stream.limit, "packets copied")
    _PARTS[key] = part
    return part
