"""The command `aclbench synth`: its options, and the file that it writes."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from aclbench.cli.output import output_path, say
from aclbench.errors import AclbenchError, SynthError
from aclbench.files import is_folder, refuse_there
from aclbench.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aclbench.capture.traffic import Traffic
    from aclbench.capture.writer import PcapWriter

#: Used where only one of the two is given.
PACKETS_PER_FLOW = 10

#: The options: name, type, metavar, help. Defaults are those of `Traffic`.
OPTIONS: tuple[tuple[str, Any, str, str], ...] = (
    ("--packets", int, "N", "Packets in all. [10 a flow]"),
    ("--flows", int, "N", "Flows: connections, UDP conversations, pings. [a tenth of "
     "the packets, or 100]"),
    ("--mix", str, "SHARES", "Shares of the flows by protocol. [tcp=70,udp=25,icmp=5]"),
    ("--tcp", str, "SHARES", "Shares of the TCP connections by how they end: closed, reset, left "
     "open, never answered. [fin=60,rst=10,open=20,half-open=10]"),
    ("--ip6", float, "PERCENT", "Share of IPv6. [20]"),
    ("--order", str, "ORDER", "random: flows drawn at random; round: each in turn. [random]"),
    ("--gap", str, "SECONDS", "Mean time between packets: exact in round order. [0.001]"),
    ("--idle", str, "SECONDS", "Silence now and then, so that sessions age. [0]"),
    ("--idle-every", int, "N", "Packets between two such silences. [500]"),
    ("--frame-size", int, "BYTES", "Size of frames that carry data, without FCS. [100]"),
    ("--start", str, "TIME", "Time of the first packet: 2026-01-01T12:00:00 (UTC), or seconds "
     "since 1970. [2026-01-01]"),
    ("--seed", int, "N", "Another seed draws other traffic of the same shape. [0]"),
)  # fmt: skip


def synth_options(command: Any) -> Any:
    """The options of OPTIONS, those that are repeatable, and --force."""
    prefixes = (
        ("--inside", "10.0.0.0/16, fd00:1::/64", "clients, which open everything"),
        ("--outside", "192.168.0.0/16, fd00:2::/64", "servers"),
    )
    options = [
        click.option(name, type=kind, metavar=metavar, help=text)
        for name, kind, metavar, text in OPTIONS
    ]
    for name, default, whose in prefixes:
        text = f"Prefix of the {whose} (one a family). [{default}]"
        options.append(click.option(name, metavar="PREFIX", multiple=True, help=text))
    options.append(click.option("--force", is_flag=True, help="Overwrite FILE."))
    for option in reversed(options):
        command = option(command)
    return command


@click.command(short_help="Write a capture of made-up traffic.")
@click.argument("file", metavar="FILE")
@synth_options
def synth(file: str, force: bool, **asked: Any) -> None:
    """Write a capture of made-up traffic: FILE.pcap, FILE.pcap.gz, or - for standard output.

    Hosts inside open whole connections to hosts outside. The same arguments give the same bytes.
    """
    from aclbench.capture.synth import write_traffic

    try:
        traffic = traffic_of(asked)
    except SynthError as error:
        raise click.UsageError(str(error)) from None
    with output(file, force) as writer:
        last_ns = write_traffic(traffic, writer)
    say(
        f"{'standard output' if file == '-' else file}: {counted(traffic.packets, 'packet')}, "
        f"{counted(traffic.flows, 'flow')}, {(last_ns - traffic.start_ns) / 1e9:,.3f} s",
        err=True,
    )


def traffic_of(asked: dict[str, Any]) -> Traffic:
    """What the options ask for."""
    from aclbench.capture.traffic import Traffic, parse_duration, parse_shares, parse_start

    given = {name: value for name, value in asked.items() if value not in (None, ())}
    if "packets" in given:
        given.setdefault("flows", max(1, given["packets"] // PACKETS_PER_FLOW))
    elif "flows" in given:
        given["packets"] = given["flows"] * PACKETS_PER_FLOW
    for name in ("mix", "tcp"):
        if name in given:
            given[name] = parse_shares(name, given[name])
    for name in ("gap", "idle"):
        if name in given:
            given[f"{name}_ns"] = parse_duration(name, given.pop(name))
    if "idle_every" in given and not given.get("idle_ns"):
        raise SynthError("--idle-every gives how often; give with --idle SECONDS how long")
    if "start" in given:
        given["start_ns"] = parse_start(given.pop("start"))
    for name, key in (("ip6", "ip6_percent"), ("frame_size", "frame_bytes")):
        if name in given:
            given[key] = given.pop(name)
    return Traffic(**given)


@contextmanager
def output(file: str, force: bool) -> Iterator[PcapWriter]:
    """A writer to the file, which takes its place if it is written completely."""
    from aclbench.capture.writer import PcapWriter

    path = output_path(file)
    if file == "-":
        if sys.stdout.isatty():
            raise click.UsageError("a capture is not for a terminal: name a FILE, or pipe it on")
        with PcapWriter("standard output", file=sys.stdout.buffer) as writer:
            yield writer
        return
    if not file:
        raise click.UsageError("an empty argument ('') names no FILE")
    if path.suffix == ".pcapng":
        raise click.UsageError(f"{file}: synth writes classic pcap; name it .pcap or .pcap.gz")
    if is_folder(path):
        raise AclbenchError(f"{file}: a directory; name a file in it")
    if not force:
        refuse_there(path)
    with PcapWriter(path) as writer:
        yield writer
