"""VPP's `packet-generator`: streams of a capture's packets that arrive on an interface."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from msgspec.structs import asdict, replace

from aclbench.capture.steering import ByCapture
from aclbench.errors import CommandError
from aclbench.words import counted
from aclbench.workbench.commands.types import INTERFACE, interfaces_of, rig_of
from aclbench.workbench.grammar import (
    ArgumentError,
    ArgumentType,
    Candidate,
    Command,
    ParsedCommand,
)
from aclbench.workbench.rig.rig import CommandResult, Rig
from aclbench.workbench.rig.streams import Stream, Streams, capture_of, measuring
from aclbench.workbench.tasks import Slices

#: What a stream is made of; the last is what a journal adds.
_KEYS: Final = (
    "name",
    "limit",
    "pcap",
    "source",
    "interface",
    "rate",
    "node",
    "maxframe",
    "sha256",
)
_WORD: Final = re.compile(r'"([^"]*)"|([^\s{}"]+)|([{}])')
_WHAT: Final = "{ name s0 limit 100 pcap FILE source pg0 }"


class StreamSpec(NamedTuple):
    """What stands between the braces, by its keys."""

    given: dict[str, str]


def _parse_spec(text: str, context: Any) -> StreamSpec:
    """The keys with their values; braces around them or none."""
    words: list[str] = []
    depth = 0
    for match in _WORD.finditer(text):
        if match[3]:
            depth += 1 if match[3] == "{" else -1
        else:
            words.append(match[1] if match[1] is not None else match[2])
    if depth:
        raise ArgumentError(f"a brace is missing; {_WHAT} is right")
    given: dict[str, str] = {}
    at = 0
    while at < len(words):
        key = words[at]
        if key == "no-recycle":
            at += 1
            continue
        if key in ("data", "size", "worker", "tx-interface"):
            raise ArgumentError(
                f"{key}: packets come from a pcap here, or from `send`; where they are handled "
                "`set interface rx-placement` says"
            )
        if key not in _KEYS:
            raise ArgumentError(f"{key[:64]} is not known; {', '.join(_KEYS[:-1])} are")
        if at + 1 >= len(words):
            raise ArgumentError(f"{key} has no value; {_WHAT} is right")
        if key in given:
            raise ArgumentError(f"{key} is there twice; once is right")
        given[key] = words[at + 1]
        at += 2
    return StreamSpec(given)


def _complete_spec(prefix: str, context: Any) -> Iterable[Candidate]:
    """The key or the interface that the last word can become."""
    before, blank, last = prefix.rpartition(" ")
    if not blank:
        return [Candidate("{", "begins a stream")]
    if before.endswith(("source", "interface")):
        return [Candidate(f"{before} {i.name}", "") for i in interfaces_of(rig_of(context))]
    return [Candidate(f"{before} {key}", "") for key in (*_KEYS[:-1], "}") if key.startswith(last)]


STREAM: Final = ArgumentType(
    "stream", f"a stream: {_WHAT}", _parse_spec, _complete_spec, takes_rest=True
)


def new(rig: Rig, parsed: ParsedCommand) -> Slices[CommandResult]:
    """Make a stream; it sends nothing until it is enabled."""
    given: dict[str, str] = parsed.arguments["stream"].given
    source = given.get("source", given.get("interface"))
    missing = [key for key in ("name", "pcap") if key not in given]
    if source is None:
        missing.append("source")
    if missing:
        raise CommandError(f"a stream needs {', '.join(missing)}: {_WHAT}")
    if "source" in given and "interface" in given:
        raise CommandError("source and interface say the same; one of them is right")
    name = given["name"]
    if not re.fullmatch(r"[\w.-]{1,64}", name):
        raise CommandError(f"{name[:64]!r} is no name for a stream; s0 is")
    if any(stream.name == name for stream in rig.streams.all):
        raise CommandError(f"there is a stream {name} already; delete it first")
    if given.get("node", "ethernet-input") != "ethernet-input":
        raise CommandError(f"node {given['node'][:64]}: packets enter at ethernet-input here")
    try:
        interface = INTERFACE.parse(str(source), rig)
    except ArgumentError as error:
        raise CommandError(str(error)) from None
    try:
        path = Path(given["pcap"]).expanduser().absolute()
    except (OSError, RuntimeError):  # the folder one is in is gone, or there is no home
        raise CommandError(f"{given['pcap'][:64]}: there is no such file") from None
    sha256, packets = yield from measuring(path)
    if given.get("sha256", sha256) != sha256:
        raise CommandError(
            f"{path}: the capture has changed since the stream {name} was made of it"
        )
    limit = _limit(given.get("limit"), packets, path)
    rate = given.get("rate", "")
    stream = Stream(name, interface.name, str(path), sha256, limit, packets, rate)
    rig.streams = replace(rig.streams, all=(*rig.streams.all, stream))
    note = f"rate {rate}: not used, packets keep the capture's own distances" if rate else ""
    return CommandResult(note, stream.line)


def _limit(text: str | None, packets: int, path: Path) -> int:
    """How many packets a stream sends; all there are unless told."""
    if text is None:
        return packets
    if not text.isdecimal() or len(text) > 18:
        raise CommandError(f"limit {text[:32]}: a number of packets is right")
    if not 1 <= int(text) <= packets:
        raise CommandError(
            f"limit {text}: {path.name} has {counted(packets, 'packet')}, and is played once; "
            f"1 to {packets} is right"
        )
    return int(text)


def is_arriving(rig: Rig) -> bool:
    """Whether packets of a capture are still to come."""
    frames, feed = rig.driver.arrivals.frames, rig.feed
    waiting = feed is not None and any(len(f) and f is feed.latest for f in frames)
    return rig.driver.arrivals.source is not None or waiting


def enable(rig: Rig, parsed: ParsedCommand) -> Slices[str]:
    """Have the packets of a stream, or of all, arrive from now on."""
    _refuse_running(rig)
    name = parsed.arguments.get("name")
    chosen = rig.streams.all if name is None else (rig.streams.find(name),)
    if not chosen:
        raise CommandError(f"there is no stream; packet-generator new {_WHAT} makes one")
    if is_arriving(rig):
        what = f"stream {', '.join(rig.streams.enabled)}"
        if not rig.streams.enabled:
            what = "a capture of the scenario"
        raise CommandError(
            f"{what} is still arriving, and one set of captures arrives at a time; wait for its "
            "end or disable it; `packet-generator enable-stream` enables all streams at once"
        )
    captures: tuple[Path, ...] = ()
    for stream in chosen:
        captures = (*captures, (yield from capture_of(stream)))
    _refuse_running(rig)
    rx: list[int] = []
    for stream in chosen:
        try:
            rx.append(INTERFACE.parse(stream.interface, rig).sw_if_index)
        except ArgumentError as error:
            raise CommandError(f"stream {stream.name}: {error}") from None
    rig.open_captures(captures, ByCapture(rx), by_time=True)
    rig.streams = replace(rig.streams, enabled=tuple(stream.name for stream in chosen))
    return ""


def disable(rig: Rig, parsed: ParsedCommand) -> str:
    """Have no more packets of a stream, or of all, arrive; enabled again it begins anew."""
    _refuse_running(rig)
    name, enabled = parsed.arguments.get("name"), rig.streams.enabled
    if name is not None:
        rig.streams.find(name)
        if name not in enabled:
            return ""
        if len(enabled) > 1 and is_arriving(rig):
            raise CommandError(
                f"stream {name} arrives merged with {', '.join(n for n in enabled if n != name)}; "
                "`packet-generator disable-stream` disables all of them"
            )
    if enabled:
        arrivals, feed = rig.driver.arrivals, rig.feed
        arrivals.source = None
        for frame in [f for f in arrivals.frames if feed is not None and f is feed.latest]:
            frame.position = len(frame.time)
        rig.streams = replace(rig.streams, enabled=())
    return ""


def delete(rig: Rig, parsed: ParsedCommand) -> str:
    """Delete a stream that is not arriving."""
    stream = rig.streams.find(parsed.arguments["name"])
    if stream.name in rig.streams.enabled and is_arriving(rig):
        raise CommandError(f"stream {stream.name} is enabled; disable it first")
    rig.streams = Streams(
        tuple(one for one in rig.streams.all if one is not stream),
        tuple(name for name in rig.streams.enabled if name != stream.name),
    )
    return ""


def show(rig: Rig, parsed: ParsedCommand) -> str:
    """The streams in VPP's columns; what came of those enabled together is counted together."""
    streams = rig.streams
    if not streams.all:
        return "no streams currently defined"
    arriving = is_arriving(rig)
    lines = [f"{'Name':<16}{'Enabled':^12}{'Count':^16}Parameters"]
    for stream in streams.all:
        count = 0
        if stream.name in streams.enabled:
            count = _handed_over(rig) if arriving else stream.limit
        is_on = "Yes" if arriving and stream.name in streams.enabled else "No"
        rate = f", rate {stream.rate} (not used)" if stream.rate else ""
        lines.append(
            f"{stream.name:<16}{is_on:^12}{count:>16}  limit {stream.limit}, pcap {stream.pcap}, "
            f"source {stream.interface}{rate}"
        )
    return "\n".join(lines)


def show_data(rig: Rig, parsed: ParsedCommand) -> dict[str, Any]:
    """`show packet-generator` as plain values."""
    streams, arriving = rig.streams, is_arriving(rig)
    return {
        "streams": [
            asdict(stream) | {"enabled": arriving and stream.name in streams.enabled}
            for stream in streams.all
        ]
    }


def _handed_over(rig: Rig) -> int:
    """Packets of the feed that are handled."""
    feed, frames = rig.feed, rig.driver.arrivals.frames
    return 0 if feed is None else feed.read - sum(len(f) for f in frames if f is feed.latest)


def _refuse_running(rig: Rig) -> None:
    if rig.is_running:
        raise CommandError("the bench is running; stop it, then change its streams")


GROUP: Final = "packets"
COMMANDS: Final = (
    Command(
        "packet-generator new <stream>",
        new,
        "make a stream of a capture's packets",
        f"{_WHAT}: `limit` is how many of its packets arrive, all unless told.\n"
        "They keep the capture's own distances: `rate` is accepted and not used.",
        group=GROUP,
        reach="captures",
    ),
    Command(
        "packet-generator enable-stream [<word:name>]",
        enable,
        "have the packets of a stream, or of all, arrive from now on",
        "Several arrive merged by the times in their captures.",
        group=GROUP,
    ),
    Command(
        "packet-generator disable-stream [<word:name>]",
        disable,
        "have no more packets of a stream, or of all, arrive",
        group=GROUP,
    ),
    Command("packet-generator delete <word:name>", delete, "delete a stream", group=GROUP),
    Command(
        "show packet-generator",
        show,
        "list the streams with what has arrived of them",
        group=GROUP,
        changes=False,
        data=show_data,
    ),
)
