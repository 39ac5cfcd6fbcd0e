"""aclbench's own switches: packet placement, and the constants of the aging machine."""

from __future__ import annotations

from typing import Final

from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.errors import CommandError
from aclbench.workbench.grammar import Command, ParsedCommand, integer
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.views.times import seconds_text

#: A cleaner that waits less would do nothing but run; more than an hour is no waiting.
WAIT_LIMITS_NS: Final = (1_000, 3600 * NS_PER_SEC)
QUANTUM: Final = integer("quantum", 1, 1_000_000, "sessions that one interrupt may take, from 1")


def show_placement(rig: Rig, parsed: ParsedCommand) -> str:
    """Which thread handles a packet."""
    if rig.machine.am.flow_placement:
        return "flow: by a hash of the two ends"
    return "interface: by the interface that it enters"


def set_placement(rig: Rig, parsed: ParsedCommand) -> str:
    """Choose by what packets find their thread; the sessions stay where they are."""
    if rig.is_threaded and (rig.driver.packets_handled or rig.is_running):
        raise CommandError(
            "on real threads the placement is chosen before the first packet; `reset`, then choose"
        )
    rig.machine.place_by_flow("flow" in parsed.words)
    return ""


def set_quantum(rig: Rig, parsed: ParsedCommand) -> str:
    """How many sessions one interrupt takes at most."""
    rig.machine.am.max_deleted_sessions_per_interval = parsed.arguments["quantum"]
    return ""


def set_wait(rig: Rig, parsed: ParsedCommand) -> str:
    """A bound of the cleaner's wait interval; the interval follows in its next round."""
    am, wait = rig.machine.am, parsed.arguments["duration"]
    least, most = WAIT_LIMITS_NS
    if not least <= wait <= most:
        raise CommandError(f"a wait of {seconds_text(wait)}: from 1us to 1h is right")
    if "wait-min" in parsed.words:
        if wait > am.wait_interval_max:
            raise CommandError(
                f"wait-min {seconds_text(wait)} is more than wait-max, "
                f"{seconds_text(am.wait_interval_max)}; set that first"
            )
        am.wait_interval_min = wait
        return ""
    if wait < am.wait_interval_min:
        raise CommandError(
            f"wait-max {seconds_text(wait)} is less than wait-min, "
            f"{seconds_text(am.wait_interval_min)}; set that first"
        )
    am.wait_interval_max = wait
    return ""


GROUP: Final = "the bench"
TYPES: Final = (QUANTUM,)
COMMANDS: Final = (
    Command(
        "placement",
        show_placement,
        "show by what packets find their thread",
        group=GROUP,
        changes=False,
    ),
    Command(
        "placement (interface|flow)",
        set_placement,
        "have packets find their thread by interface, or by flow hash",
        group=GROUP,
    ),
    Command(
        "set bench quantum <quantum>",
        set_quantum,
        "set how many sessions one interrupt takes at most, 100 unless set",
        group=GROUP,
    ),
    Command(
        "set bench (wait-min|wait-max) <duration>",
        set_wait,
        "set the bounds of the cleaner's wait, 1ms and 500ms unless set",
        group=GROUP,
    ),
)
