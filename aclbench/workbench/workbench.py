"""The workbench: the one object that every face holds, and the public Python API.

wb = Workbench(workers=2)
wb.cli("create packet-generator interface pg0")
verdicts = wb.send("pg0", frames)
wb.advance("2.8")
wb.snapshot()

What may take longer than a keystroke is done at once here, and Ctrl-C ends it between two slices.
`begin` gives a line as a `Task` instead; the parts (`transport`, `travel`, `history`, ...) give
slices of everything, for faces that work on them between two paintings.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from aclbench.capture.craft import as_frame
from aclbench.designs import design_named
from aclbench.drivers.frame import FRAME_SIZE
from aclbench.drivers.stepping import StepTaken
from aclbench.engine.design import FIFO_2017, Design
from aclbench.workbench.bench import Bench
from aclbench.workbench.budget import OPENING_LIMITS, Limits
from aclbench.workbench.commands.lines import Lines
from aclbench.workbench.history.history import BranchView, History
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.rig.scenario import Placement, Scenario
from aclbench.workbench.rig.setting_up import set_up
from aclbench.workbench.rig.start import AnyOrder, DriverKind, Start
from aclbench.workbench.tasks import Slices, Task, finish, finish_short
from aclbench.workbench.views.events import EventView, event_view
from aclbench.workbench.views.times import seconds_to_ns
from aclbench.workbench.views.verdict import Verdict

if TYPE_CHECKING:  # what a replay has no use for is imported when it is asked for
    from aclbench.workbench.history.recorder import Recorder
    from aclbench.workbench.inquiry.explain import Explanation
    from aclbench.workbench.inquiry.stories.values import PastPlace
    from aclbench.workbench.inquiry.writers import Writer

#: How much of a line names the task that runs it.
_NAME_LENGTH: Final = 64


_W = TypeVar("_W", bound="Workbench")


class Workbench(Bench):
    """A bench with `workers` packet-carrying threads (0: vpp_main carries them), at virtual 1 s.

    The other arguments are those of `Start`; `design` may also be a name in `aclbench.designs`.
    Without `history` the run cannot be taken back, and keeps nothing. On real threads it never can;
    with `history` it keeps its last 100,000 events.
    """

    def __init__(
        self,
        workers: int = 1,
        placement: Placement = "interface",
        order: AnyOrder | None = None,
        seed: int = 0,
        frame_size: int = FRAME_SIZE,
        history: bool = True,
        driver: DriverKind = "stepped",
        speed: float | None = None,
        design: str | Design = FIFO_2017,
    ) -> None:
        lines = Lines()
        chosen = design if isinstance(design, Design) else design_named(design)
        start = Start(workers, placement, order, seed, frame_size, driver, speed, chosen)
        super().__init__(Rig(start, lines.performing), lines, history)

    @classmethod
    def load(cls, path: str | os.PathLike[str], limits: Limits = OPENING_LIMITS) -> Self:
        """A bench set up by a scenario file, its captures ready to play, or by a run file.

        Raises ScenarioError or RunFileError; BudgetError: the file makes more work than `limits`.
        """
        return finish(loading(cls, path, limits))

    @classmethod
    def from_scenario(
        cls,
        scenario: Scenario,
        frame_size: int = FRAME_SIZE,
        history: bool = True,
        order: AnyOrder | None = None,
        seed: int = 0,
        driver: DriverKind = "stepped",
        speed: float | None = None,
        limits: Limits = OPENING_LIMITS,
    ) -> Self:
        """A bench set up by a scenario; a CLI line that is refused is named by its number.

        Its history begins when it is set up. BudgetError: that makes more work than `limits`.
        """
        start = Start(order=order, seed=seed, frame_size=frame_size, driver=driver, speed=speed)
        return finish(setting_up(cls, scenario, start, history, limits))

    # --- command lines -------------------------------------------------------------------------

    def cli(self, line: str) -> str:
        """Run one command line; returns what VPP prints. Raises CommandError, and changes nothing.

        Returns when nothing is left to do at the present instant.
        """
        return finish(self.lines.slices(self, line))

    def begin(self, line: str) -> Task[str]:
        """The same as a task, for whoever has something else to do meanwhile."""
        return Task(self.lines.slices(self, line), str(line)[:_NAME_LENGTH])

    def cli_data(self, line: str) -> Any:
        """Run one command line as `cli` does; returns plain values for `json.dumps`."""
        return finish(self.lines.data(self, line))

    # --- going on ------------------------------------------------------------------------------

    def send(self, interface: str, frames: object) -> list[Verdict]:
        """Send Ethernet frames into an interface now, in order.

        `frames` are bytes or scapy packets, or one of them. Returns a verdict for each.
        """
        return finish(self.sending(interface, tuple(as_frame(f) for f in _as_list(frames))))

    def advance(self, seconds: float | str | Decimal) -> None:
        """Let time pass: run what is due up to and including the end of `seconds`."""
        self.run_until(self.now + seconds_to_ns(seconds))

    def run_until(self, time_ns: int, max_packets: int | None = None) -> bool:
        """Run what is due up to and including a time; False: stopped, or out of packets."""
        return finish(self.transport.running(time_ns, max_packets))

    def play(self, max_packets: int | None = None) -> bool:
        """Run on to the last packet of the captures, or for `max_packets`; False: there are more.

        Raises the feed's CaptureError once what came before the damage is handled.
        """
        return finish(self.transport.playing(max_packets))

    def stop(self) -> None:
        """End the run under way, soon: from a listener, a signal, or another thread."""
        self.transport.stop()

    def step(self, actor: str | None = None) -> StepTaken | None:
        """One named step of an actor, or of the one whose turn it is; None: nothing is left."""
        return finish_short(self.transport.stepping(actor))

    def step_turn(self) -> StepTaken | None:
        """Let the actor whose turn it is run until it waits or is done; returns its last step."""
        return finish_short(self.transport.stepping_turn())

    # --- going back ----------------------------------------------------------------------------

    def back(self, count: int = 1, unit: str = "step") -> int:
        """Go back by steps, turns, events or packets; returns how many, fewer at the start."""
        return finish(self.travel.going_back(count, unit))

    def forward(self, count: int = 1, unit: str = "step") -> int:
        """Go forward again along the branch; returns how many, fewer at its end."""
        return finish(self.travel.going_forward(count, unit))

    def goto(self, place: PastPlace) -> None:
        """Go to a point of the current branch, or right behind the step that made an event."""
        finish(self.travel.going_to(place))

    def goto_time(self, time_ns: int) -> None:
        """Go to the state at a time (virtual nanoseconds); the clock stands at it."""
        finish(self.travel.going_to_time(time_ns))

    def goto_packet(self, number: int) -> None:
        """Go right behind the n-th packet of the run; 0 is the start."""
        finish(self.travel.going_to_packet(number))

    def branch(self, name: str) -> None:
        """Begin a branch here; the one left behind keeps its future."""
        self.past.open_branch(name)

    def branches(self) -> list[BranchView]:
        """All branches, in order of their making."""
        return self.past.branch_views()

    def switch(self, name: str) -> None:
        """Go to the end of another branch."""
        finish(self.travel.switching(name))

    # --- asking --------------------------------------------------------------------------------

    def explain(self, packet: int | str) -> Explanation:
        """Why a packet of the run met its fate: `17`, `"http.pcap:17"`. Or what would become of one
        now: `"pg0 udp 10.0.0.2:5353 > 192.168.0.2:53"`, as the command `explain` takes it.

        The bench stays as it is; but to a packet that was not played yet it plays. Raises
        CommandError.
        """
        from aclbench.workbench.commands.bench.explain import explanation_of

        parsed = self.lines.table.parse(f"explain {packet}", self)
        assert parsed is not None
        return finish(explanation_of(self, parsed))

    def events(
        self,
        first: str = "start",
        last: str = "now",
        kinds: tuple[str, ...] = (),
        thread: int | None = None,
        session: tuple[int, int] | None = None,
    ) -> list[EventView]:
        """The trace events between two places, made again: of some kinds, a thread, a session.

        CommandError: there is no such place, or kind.
        """
        from aclbench.workbench.inquiry.events import EventFilter, events_between, events_kept

        wanted = EventFilter(kinds, thread, session)
        if self.kept is not None:
            kept = events_kept(self.kept, self.rig.clock, first, last)
            found = [event for event in kept if wanted.lets_through(event)]
        else:
            found, _ = finish(events_between(self.past, first, last, wanted))
        return [event_view(event, self.rig) for event in found]

    def diff(self, first: str, second: str) -> list[str]:
        """What differs between two places: who would notice, then counts and rows by field."""
        from aclbench.workbench.inquiry.diff import diff

        return finish(diff(self.past, first, second)).lines

    def writers(self, field: str) -> list[Writer]:
        """Every step from the start to now that changed a field, in order."""
        from aclbench.workbench.inquiry.writers import writers

        return finish(writers(self.past, field))

    # --- files ---------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], with_captures: bool = False) -> None:
        """Write the run to a file that `Workbench.load` continues anywhere. RunFileError."""
        from aclbench.workbench.history.runfile import saving

        finish(saving(self.past, Path(path), with_captures))
        self.saved.add(Path(path).absolute())

    def record(self, path: str | os.PathLike[str]) -> Recorder:
        """Keep the run's journal on disk as it goes; close the recorder at the end."""
        from aclbench.workbench.history.recorder import Recorder

        self.past.recorder = recorder = finish(Recorder.recording(self.past, Path(path)))
        return recorder


def loading(
    kind: type[_W], path: str | os.PathLike[str], limits: Limits = OPENING_LIMITS
) -> Slices[_W]:
    """`Workbench.load` in slices."""
    from aclbench.workbench.opening import opened

    lines = Lines(limits)
    rig, history = yield from opened(path, Start(), lines)
    return (yield from _bench_of(kind, rig, lines, history=history))


def setting_up(
    kind: type[_W],
    scenario: Scenario,
    start: Start,
    keeps: bool = True,
    limits: Limits = OPENING_LIMITS,
) -> Slices[_W]:
    """`Workbench.from_scenario` in slices; `start` has what the scenario does not say."""
    lines = Lines(limits)
    rig = yield from set_up(scenario, start, lines)
    return (yield from _bench_of(kind, rig, lines, keeps))


def going_on(history: History) -> Slices[Workbench]:
    """A bench at the start of a run that was made without one."""
    there = yield from history.at(history.branch.starts[0])
    yield from history.take(there).closing()
    return (yield from _bench_of(Workbench, history.here.rig, Lines(), history=history))


def _bench_of(
    kind: type[_W], rig: Rig, lines: Lines, keeps: bool = True, history: History | None = None
) -> Slices[_W]:
    if keeps and history is None and not rig.is_threaded:
        history = yield from History.beginning(rig)
    bench = kind.__new__(kind)
    Bench.__init__(bench, rig, lines, keeps, history)
    return bench


def _as_list(frames: object) -> list[object]:
    """Frames as a list; a single frame (bytes, or a scapy packet) is a list of one."""
    if isinstance(frames, bytes | bytearray | memoryview) or hasattr(frames, "layers"):
        return [frames]
    if isinstance(frames, Iterable):
        return list(frames)
    return [frames]
