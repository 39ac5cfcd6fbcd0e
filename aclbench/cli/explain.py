"""The command `aclbench explain`: why packets of a capture met their fate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from aclbench.cli.collector import without_collector
from aclbench.cli.inputs import BenchOptions, bench_options, find_scenario, inputs_argument
from aclbench.cli.output import say, say_json
from aclbench.errors import AclbenchError
from aclbench.workbench.budget import budget_for_captures, playing_within

if TYPE_CHECKING:
    from aclbench.workbench.budget import Budget
    from aclbench.workbench.workbench import Workbench

#: Packets that are played at a time, until the one that is asked for has come.
PLAY_PACKETS = 2048


@click.command()
@inputs_argument("CAPTURE|SCENARIO... N")
@bench_options
@click.option(
    "--all",
    "is_all",
    is_flag=True,
    help="All packets that did not pass, by cause, with an example of each; N is left out.",
)
@click.option(
    "--conn",
    type=click.IntRange(1),
    metavar="C",
    help="What happened to the C-th connection, numbered by its first packet; N is left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
def explain(
    inputs: tuple[str, ...], asked: BenchOptions, is_all: bool, conn: int | None, as_json: bool
) -> None:
    """Say why packet N of a capture passed or not, and what would have let it pass.

    N is its Wireshark number; file:N with several captures. The bench is made as for replay: by a
    scenario, by VPP lines (--exec), or a firewall that reflects what is opened from inside.
    """
    from aclbench.workbench.workbench import Workbench

    is_whole = is_all or conn is not None
    if is_all and conn is not None:
        raise click.UsageError("--all is of all packets, --conn of one connection; choose one")
    if len(inputs) < (not asked.rx) + (not is_whole):
        raise click.UsageError(
            "name a capture or scenario, and a packet: aclbench explain http 5; or all that did "
            "not pass: aclbench explain --all http; or a connection: aclbench explain --conn 1 http"
        )
    names = inputs if is_whole else inputs[:-1]
    packet = "" if is_whole else inputs[-1]
    frame = packet.rpartition(":")[2]
    if not is_whole and (not frame.isdecimal() or len(frame) > 12):
        raise click.UsageError(f"{packet}: not a packet; name it by its number, last: http 5")
    scenario = find_scenario(list(names), asked)
    bench = Workbench.from_scenario(scenario, limits=asked.limits)
    bench.rig.time_mode = asked.time or "relative"
    line = "explain all" if is_all else f"explain conn {conn}" if is_whole else f"explain {packet}"
    with without_collector():
        play_up_to(bench, 0 if is_whole else int(frame), budget_for_captures(asked.limits))
        bench.printer = None if as_json else say
        try:
            said = bench.cli_data(line) if as_json else bench.cli(line)
        except AclbenchError:
            if bench.capture_error is not None:  # which is why there is no such packet
                raise bench.capture_error from None
            raise
    _show(said, scenario.assumed)
    if is_whole and bench.capture_error is not None:
        raise bench.capture_error


def _show(said: str | dict[str, Any], assumed: str) -> None:
    """An answer as JSON, or as text with what was assumed of the capture."""
    from aclbench.workbench.inquiry.wrapping import wrapped_text

    if isinstance(said, dict):
        say_json(said)
        return
    say(said)
    if assumed:
        say("\n" + "\n".join(wrapped_text(assumed)))


def play_up_to(bench: Workbench, frame: int, budget: Budget) -> None:
    """Play until the packet has come; all of it where there are several captures.

    One capture hands its packets over in order. BudgetError: that makes too much work.
    """
    from aclbench.workbench.tasks import finish

    alone = frame > 0 and bench.rig.feed is not None and len(bench.rig.feed.captures) == 1
    if not alone:
        finish(playing_within(budget, bench, bench.transport.playing()))
        return
    packets = min(PLAY_PACKETS, frame)
    while not finish(playing_within(budget, bench, bench.transport.playing(packets))):
        if bench.snapshot().packets.read >= frame:
            return
