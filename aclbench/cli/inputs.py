"""The scenario that a command's arguments name, or one made for captures alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import click

from aclbench.cli.budgets import BUDGET_OPTIONS
from aclbench.cli.completion import complete_designs, complete_files, complete_inputs
from aclbench.errors import AclbenchError

if TYPE_CHECKING:
    from pathlib import Path

    from aclbench.capture.guess import GuessedSides
    from aclbench.workbench.budget import Limits
    from aclbench.workbench.rig.scenario import InterfaceSpec, Placement, Scenario
    from aclbench.workbench.tasks import Slices
    from aclbench.workbench.views.clock import TimeMode


_Command = TypeVar("_Command", bound=Callable[..., Any])


class BenchOptions(NamedTuple):
    """The options for the bench on which captures are played."""

    inside: tuple[str, ...]
    inside_vlan: tuple[str, ...]
    inside_mac: tuple[str, ...]
    inside_interface: tuple[str, ...]
    rx: tuple[str, ...]
    workers: int | None
    placement: str | None
    exec_file: str | None
    budget: int | None = None
    cpu_seconds: float | None = None
    time: TimeMode | None = None
    design: str | None = None

    @property
    def limits(self) -> Limits:
        """How much a scenario's lines, or a saved run, may make."""
        from aclbench.workbench.budget import CPU_SECONDS, OPENING_WORK, Limits

        return Limits(self.budget or OPENING_WORK, self.cpu_seconds or CPU_SECONDS)

    @property
    def is_limited(self) -> bool:
        """Whether somebody has said how much that is."""
        return self.budget is not None or self.cpu_seconds is not None

    @property
    def inside_by(self) -> list[str]:
        """The options given that define the inside by something else than addresses."""
        fields = ("inside_vlan", "inside_mac", "inside_interface")
        return [f"--{field.replace('_', '-')}" for field in fields if getattr(self, field)]


#: The options of `BenchOptions`, in its order.
OPTIONS: Final[tuple[tuple[tuple[str, ...], dict[str, Any]], ...]] = (
    (
        ("--inside",),
        {
            "metavar": "PREFIX",
            "multiple": True,
            "help": "A prefix whose packets come from inside (repeatable). Without it, the side "
            "that opens most connections.",
        },
    ),
    (
        ("--inside-vlan",),
        {
            "metavar": "VLAN",
            "multiple": True,
            "help": "A VLAN whose packets come from inside, all others from outside (repeatable): "
            "10, or 20.30 for outer and inner tag. --inside then says what is routed there.",
        },
    ),
    (
        ("--inside-mac",),
        {"metavar": "MAC", "multiple": True, "help": "The same by source MAC address."},
    ),
    (
        ("--inside-interface",),
        {
            "metavar": "NAME|NUMBER",
            "multiple": True,
            "help": "The same by the pcapng interface that a packet was captured on.",
        },
    ),
    (
        ("--rx",),
        {
            "metavar": "INTERFACE=CAPTURE",
            "multiple": True,
            "help": "A capture of what entered an interface (repeatable); they are merged by time. "
            "Without a scenario pg0 is inside, pg1 outside.",
        },
    ),
    (
        ("--workers",),
        {
            "metavar": "N",
            "type": click.IntRange(0, 256),
            "help": "Worker threads; 0: vpp_main carries the packets. [1, or the scenario's]",
        },
    ),
    (
        ("--placement",),
        {
            "type": click.Choice(["interface", "flow"]),
            "help": "A packet's worker: that of its rx interface, or by flow hash. "
            "[interface, or the scenario's]",
        },
    ),
    (
        ("--exec", "exec_file"),
        {
            "metavar": "FILE",
            "shell_complete": complete_files,
            "help": "VPP CLI lines that make the bench, instead of a scenario; a packet enters the "
            "interface that its source is routed to.",
        },
    ),
    *BUDGET_OPTIONS,
    (
        ("--time",),
        {
            "type": click.Choice(["relative", "utc", "local"]),
            "help": "Write times from the start, or as times of day by the capture's clock; a time "
            "of day without a zone is read in that one. [relative]",
        },
    ),
    (
        ("--design",),
        {
            "metavar": "NAME",
            "shell_complete": complete_designs,
            "help": "How sessions are aged: one of the designs that show design lists. "
            "[fifo-2017, or the scenario's]",
        },
    ),
)


def bench_options(command: Any) -> Any:
    """Add the options of `BenchOptions` to a command, which gets them as one, `asked`."""

    @wraps(command)
    def collected(**arguments: Any) -> Any:
        asked = BenchOptions(*(arguments.pop(name) for name in BenchOptions._fields))
        return command(asked=asked, **arguments)

    wrapped: Any = collected
    for names, settings in reversed(OPTIONS):
        wrapped = click.option(*names, **settings)(wrapped)
    return wrapped


def inputs_argument(metavar: str) -> Callable[[_Command], _Command]:
    """The argument `inputs`: captures, scenarios and the like, completed by a shell."""
    return click.argument("inputs", nargs=-1, metavar=metavar, shell_complete=complete_inputs)


class NamedScenario:
    """The scenario that a command's arguments name, or the one made for captures alone.

    `title` is known at once; the rest is found once, in slices, for it may take long.
    """

    def __init__(self, title: str, finding: Callable[[], Slices[Scenario]]) -> None:
        self.title = title
        self._finding = finding
        self._found: Scenario | None = None

    def find(self) -> Slices[Scenario]:
        """The scenario. Raises AclbenchError."""
        if self._found is None:
            self._found = yield from self._finding()
        return self._found


def find_scenario(inputs: Sequence[str], asked: BenchOptions) -> Scenario:
    """The scenario that the arguments name, or the one made for captures alone."""
    from aclbench.workbench.tasks import finish

    return finish(named_scenario(inputs, asked).find())


def named_scenario(inputs: Sequence[str], asked: BenchOptions) -> NamedScenario:
    """The same, to be found in slices. AclbenchError, UsageError: the arguments are wrong."""
    from pathlib import Path

    from aclbench.capture.stream import STANDARD_INPUT
    from aclbench.workbench.rig.bundled import find_input
    from aclbench.workbench.rig.scenario import PLACEMENTS, placed, scenario_for_exec
    from aclbench.workbench.tasks import done

    chosen = next((p for p in PLACEMENTS if p == asked.placement), None)
    workers = 1 if asked.workers is None else asked.workers
    paths = [find_input(name) for name in inputs]
    scenarios = [path for path in paths if path.suffix == ".toml"]
    run = next((path for path in paths if path.suffix == ".run"), None)
    if run is not None:
        raise click.UsageError(
            f"{run}: a saved run is gone on with by aclbench tui {run}, or aclbench repl {run}"
        )
    rx, captures = _captures_by_rx(asked.rx)
    if rx and len(paths) > len(scenarios):
        raise click.UsageError(f"--rx names the captures; leave {inputs[0]}")
    captures = captures or paths
    if captures.count(Path(STANDARD_INPUT)) > 1:
        raise click.UsageError("standard input (-) can be read once; name it once")
    if asked.inside_by and rx:
        raise click.UsageError(f"--rx and {asked.inside_by[0]} both say where packets enter")
    if asked.exec_file is not None:
        if scenarios or asked.inside or asked.inside_by:
            raise click.UsageError("--exec goes with captures alone: no scenario, no --inside")
        if not asked.exec_file:
            raise click.UsageError("--exec '' names no file")
        file = Path(asked.exec_file)
        scenario = scenario_for_exec(captures, file, workers, rx)
        scenario = _aged(placed(scenario, chosen) if chosen else scenario, asked)
        return NamedScenario(scenario.title, lambda: done(scenario))
    if not scenarios:
        _check_inside(asked)
        placement = chosen or "interface"
        return NamedScenario(
            " ".join(path.name for path in captures),
            lambda: _for_captures(captures, rx, asked, workers, placement),
        )
    if len(paths) > 1:
        raise click.UsageError(f"{scenarios[0]}: a scenario comes alone; it names its own captures")
    if asked.inside or asked.inside_by:
        option = "--inside" if asked.inside else asked.inside_by[0]
        raise click.UsageError(
            f"{scenarios[0]}: a scenario says itself what is inside; leave {option}"
        )
    return _of_file(scenarios[0], asked, captures if rx else [], rx)


def _of_file(
    path: Path, asked: BenchOptions, captures: Sequence[Path], rx: Sequence[str]
) -> NamedScenario:
    """That of a scenario file, with what the options change; a pipe is read behind the title."""
    from msgspec.structs import replace

    from aclbench.workbench.rig.scenario import PLACEMENTS, placed
    from aclbench.workbench.rig.scenario_file import load_scenario, loading_scenario
    from aclbench.workbench.tasks import done

    def changed(slices: Slices[Scenario]) -> Slices[Scenario]:
        scenario = yield from slices
        if rx:
            scenario = replace(scenario, captures=tuple(captures), rx=tuple(rx))
        if asked.workers is not None:
            scenario = replace(scenario, workers=asked.workers)
        scenario = _aged(scenario, asked)
        chosen = next((p for p in PLACEMENTS if p == asked.placement), None)
        return placed(scenario, chosen) if chosen else scenario

    if not path.is_file():
        return NamedScenario(path.stem, lambda: changed(loading_scenario(path)))
    scenario = load_scenario(path)
    return NamedScenario(scenario.title, lambda: changed(done(scenario)))


def _for_captures(
    captures: Sequence[Path],
    rx: Sequence[str],
    asked: BenchOptions,
    workers: int,
    placement: Placement,
) -> Slices[Scenario]:
    """The one for captures alone; without --inside, the inside is guessed."""
    from aclbench.workbench.rig.scenario import scenario_for_capture

    first = captures[rx.index("pg0")] if "pg0" in rx else captures[0]
    guess = None if asked.inside else (yield from _guessed(first))
    inside, why = _inside_of(asked, guess)
    if asked.inside_interface:
        _refuse_classic(captures)
    next_guess = guess.runner_up if guess is not None and not asked.inside_by and not rx else None
    made = scenario_for_capture(captures, inside, why, workers, placement, rx, next_guess)
    return _aged(made, asked)


def _aged(scenario: Scenario, asked: BenchOptions) -> Scenario:
    """The scenario with the design that was asked for. AclbenchError: there is none."""
    from msgspec.structs import replace

    from aclbench.designs import design_named

    if asked.design is None:
        return scenario
    return replace(scenario, design=design_named(asked.design).name)


def _refuse_classic(captures: Sequence[Path]) -> None:
    """CaptureError: a file among them does not say on which interface its packets were.

    Of a pipe it is said when it is read.
    """
    from aclbench.capture.reader import open_capture
    from aclbench.capture.steering import NO_INTERFACES
    from aclbench.capture.stream import can_be_read_again
    from aclbench.errors import CaptureError

    for path in filter(can_be_read_again, captures):
        with open_capture(path) as reader:
            if not reader.knows_interfaces:
                raise CaptureError(f"{reader.path}: {NO_INTERFACES}")


def _captures_by_rx(rx: Sequence[str]) -> tuple[list[str], list[Path]]:
    """The interfaces and the captures that `--rx` names, in parallel lists."""
    from aclbench.workbench.rig.bundled import find_input

    names: list[str] = []
    captures: list[Path] = []
    for text in rx:
        name, _, capture = text.partition("=")
        if not name or not capture:
            raise click.UsageError(f"--rx {text}: write an interface and its capture: pg0=in.pcap")
        path = find_input(capture)
        if path.suffix == ".toml":
            raise click.UsageError(f"--rx {text}: {capture} is a scenario; name a capture")
        names.append(name)
        captures.append(path)
    return names, captures


def _check_inside(asked: BenchOptions) -> None:
    """UsageError: the options do not say what is inside."""
    from ipaddress import ip_network

    from aclbench.capture.steering import parse_mac, parse_vlan

    def check(option: str, texts: Sequence[str], parser: Callable[[str], object]) -> None:
        for text in texts:
            try:
                parser(text)
            except AclbenchError as error:
                raise click.UsageError(f"{option} {text}: {error}") from None
            except ValueError as error:  # of `ip_network`, which does not say what would be right
                raise click.UsageError(
                    f"{option} {text}: {error}; write 10.0.0.0/24 or fd00::/64"
                ) from None
        for text in texts:
            if texts.count(text) > 1:
                raise click.UsageError(f"{option} {text}: named twice; once is enough")

    if len(asked.inside_by) > 1:
        raise click.UsageError(f"{' and '.join(asked.inside_by)}: one of them says what is inside")
    check("--inside", asked.inside, ip_network)
    check("--inside-vlan", asked.inside_vlan, parse_vlan)
    check("--inside-mac", asked.inside_mac, parse_mac)


def _guessed(capture: Path) -> Slices[GuessedSides]:
    """The inside as the capture suggests it; says how far it is."""
    from aclbench.capture.guess import GUESS_PACKETS, guessing_inside
    from aclbench.workbench.tasks import Progress

    guessing = guessing_inside(capture)
    while True:
        try:
            packets = next(guessing)
        except StopIteration as end:
            guess: GuessedSides = end.value
            return guess
        what = "packets looked at, to guess the inside (--inside PREFIX says it)"
        yield None if packets is None else Progress(packets, GUESS_PACKETS, what)


def _inside_of(asked: BenchOptions, guess: GuessedSides | None) -> tuple[InterfaceSpec, str]:
    """The inside interface for captures alone, as asked or guessed, and how it was chosen."""
    from aclbench.workbench.rig.scenario import InterfaceSpec

    if guess is None:
        prefixes, why = asked.inside, f"inside is {', '.join(asked.inside)}, as asked"
    else:
        prefixes, why = guess.prefixes, guess.sentence
    # Digits alone are an interface's number.
    interfaces = tuple(int(i) if i.isdecimal() else i for i in asked.inside_interface)
    words = [
        *(f"VLAN {vlan}" for vlan in asked.inside_vlan),
        *(f"source MAC {mac}" for mac in asked.inside_mac),
        *(f"capture interface {interface}" for interface in interfaces),
    ]
    if words:
        why = f"packets of {', '.join(words)} come from inside, as asked; routed there: {why}"
    inside = InterfaceSpec(
        "pg0",
        prefixes=prefixes,
        vlans=asked.inside_vlan,
        macs=asked.inside_mac,
        capture_interfaces=interfaces,
    )
    return inside, why
