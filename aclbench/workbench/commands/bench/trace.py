"""VPP's commands of the packet trace: `trace add`, `show trace`, `clear trace`."""

from __future__ import annotations

from typing import Any, Final

from aclbench.errors import CommandError
from aclbench.workbench.bench import Bench
from aclbench.workbench.grammar import Command, ParsedCommand
from aclbench.workbench.inquiry.packettrace import TRACEABLE, trace_text

#: Packets of a thread that are shown unless `max` says otherwise, as in VPP.
DEFAULT_SHOWN: Final = 50


def trace_add(bench: Bench, parsed: ParsedCommand) -> str:
    """Trace the next packets of each thread."""
    count = parsed.arguments["number"]
    if not count:
        raise CommandError("0 packets: at least 1 is right; `clear trace` ends tracing")
    node = next(word for word in parsed.words if word in TRACEABLE)
    bench.trace.add(node, count)
    return ""


def show_trace(bench: Bench, parsed: ParsedCommand) -> str:
    """What was traced, thread by thread."""
    return trace_text(bench.rig, bench.trace, parsed.arguments.get("number", DEFAULT_SHOWN))


def trace_data(bench: Bench, parsed: ParsedCommand) -> dict[str, Any]:
    """`show trace` as plain values: for each thread its packets, each as the lines it prints."""
    most = parsed.arguments.get("number", DEFAULT_SHOWN)
    return {
        "threads": [
            {
                "thread_index": worker.thread_index,
                "packets": [
                    list(packet.lines) for packet in bench.trace.packets(worker.thread_index)[:most]
                ],
            }
            for worker in bench.rig.machine.am.workers
        ]
    }


def clear_trace(bench: Bench, parsed: ParsedCommand) -> str:
    """Forget it, and trace no more."""
    bench.trace.clear()
    return ""


GROUP: Final = "show"
COMMANDS: Final = (
    Command(
        f"trace add ({'|'.join(TRACEABLE)}) <number>",
        trace_add,
        "trace the next packets of each thread from a node on",
        "A trace is no part of the run: it is not saved, and going back takes packets out of it.",
        group=GROUP,
        changes=False,
        direct=True,
    ),
    Command(
        "show trace [max <number>]",
        show_trace,
        "show the traced packets, 50 of a thread unless told",
        group=GROUP,
        changes=False,
        data=trace_data,
    ),
    Command(
        "clear trace",
        clear_trace,
        "forget the traced packets and trace no more",
        group=GROUP,
        changes=False,
        direct=True,
    ),
)
