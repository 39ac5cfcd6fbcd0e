"""Back and forth in the run: by steps, to a time, to an event, to another branch. No Textual."""

from __future__ import annotations

from collections.abc import Callable

from aclbench.errors import AclbenchError
from aclbench.tui.live import Live
from aclbench.tui.side import SideCommand
from aclbench.tui.transport import Transport
from aclbench.tui.underway import Underway
from aclbench.tui.units import NS_PER_S, clock_text, span_text
from aclbench.workbench.history.history import Unit
from aclbench.workbench.timetravel import PastPlace
from aclbench.workbench.views.times import moment_ns, read_moment

#: Kinds of marks by the words that `run until` knows them by; the first is any of them.
MARK_WORDS = {
    "": "mark",
    "added": "added",
    "class changed": "class-change",
    "requeued": "requeued",
    "expired": "expired",
    "recycled": "recycled",
    "cleared": "cleared",
    "denied": "denied",
    "interval changed": "interval",
}


class Travel:
    """Every way to another point of the run."""

    def __init__(self, live: Live, transport: Transport, underway: Underway) -> None:
        #: What `seek` goes to; empty: any mark.
        self.mark_kind = ""
        self._live = live
        self._transport = transport
        self._underway = underway

    # --- by one ------------------------------------------------------------------------------

    def back(self, unit: Unit) -> None:
        """Take the last named step, turn, event or packet back."""
        self._move(lambda: self._live.bench.back(1, unit), f"back by one {unit}")

    def step_packet(self) -> None:
        """On to right behind the next packet."""
        live = self._live
        self._transport.pause()
        live.hold_still()
        before = live.packets_read()
        try:
            if live.in_past():
                live.bench.forward(1, "packet")
                live.hear_back()
            if live.packets_read() == before:
                self._play_one()
        except AclbenchError as error:
            live.say(str(error), error=True)
            return
        read = live.packets_read()
        live.say(f"behind packet {read:,}" if read > before else "there is no more packet")
        live.look_for_trouble()

    def _play_one(self) -> None:
        """The next packet of the captures, where nothing was done yet."""
        live = self._live
        if live.in_past():
            live.bench.goto(live.bench.past.branch.end)
            live.hear_back()
        before, arrived = live.packets_read(), False
        while not arrived and live.packets_read() == before:
            live.be_at_rest()  # a checkpoint may have been begun on the way
            arrived = live.bench.play(1)
        live.be_at_rest()

    def seek_line(self, back: bool) -> str:
        """The line that goes to the next mark of the kind that is chosen, or to the one before."""
        self._transport.pause()
        return f"{'back' if back else 'run'} until {MARK_WORDS[self.mark_kind]}"

    # --- to a time ---------------------------------------------------------------------------

    def leap(self, seconds: int) -> None:
        """Go back or forward by so many seconds, times the speed if that is more than 1."""
        live = self._live
        ns = int(seconds * max(self._transport.speed or 1, 1) * NS_PER_S)
        target = max(live.bench.now + ns, live.started)
        went = abs(target - live.bench.now)
        self.to_time(target, f"{'forward' if ns > 0 else 'back'} {span_text(went)}")

    def to_start(self) -> None:
        """Go back to the start of the run; what was done lies ahead."""
        self._move(lambda: self._back_to(self._live.started), "at the start of the run")

    def to_end(self) -> None:
        """Go to the end of what was done."""
        self._move(self._to_end, "at the end of the run so far")

    def to_time(self, time_ns: int, notice: str = "") -> None:
        """To any time: back, along what was done, or on."""
        live = self._live
        notice = notice or f"at {clock_text(time_ns - live.started)}"
        history = live.bench.history
        if time_ns < live.bench.now or (history and time_ns <= history.branch.end.time):
            self._move(lambda: self._back_to(time_ns), notice)
            return
        self._transport.pause()
        whole, rest = divmod(time_ns - live.started, NS_PER_S)
        line = f"run until +{whole}.{rest:09d}s"

        def then(task: SideCommand) -> None:
            if task.error is None and not task.is_stopped:
                live.say(notice)

        self._underway.begin(SideCommand(live.bench, line, live.wall), then)

    def to_share(self, share: float) -> None:
        """To a part of the run's time: 0 is its start, 1 its end."""
        timeline = self._live.bench.timeline(1)
        span = timeline.end - timeline.start
        self.to_time(timeline.start + int(span * min(max(share, 0.0), 1.0)))

    def along(self, columns: int, of: int) -> None:
        """Along the timeline by so many of its columns."""
        timeline = self._live.bench.timeline(1)
        width = max((timeline.end - timeline.start) // of, 1)
        target = self._live.bench.now + columns * width
        self.to_time(min(max(target, timeline.start), timeline.end))

    def is_ahead(self, line: str) -> bool:
        """A `goto time` line means a time that this run has not come to yet."""
        bench, words = self._live.bench, line.split()
        if words[:2] != ["goto", "time"] or bench.history is None:
            return bench.history is None
        return moment_ns(bench, read_moment(words[2])) > bench.past.branch.end.time

    # --- to a point --------------------------------------------------------------------------

    def to_event(self, number: int) -> None:
        """To right behind the step that made a trace event, by its number in the run."""

        def go() -> int:
            self._live.bench.goto_event(number)
            return 1

        self._move(go, f"behind event {number:,}")

    def to_place(self, place: PastPlace) -> None:
        """To a point that a story names."""

        def go() -> int:
            self._live.bench.goto_past(place)
            return 1

        self._move(go, "at the moment that the story tells of")

    def switch(self, branch: str) -> None:
        """To the end of another branch."""

        def go() -> int:
            self._live.bench.switch(branch)
            return 1

        self._move(go, f"at the end of branch {branch}")

    def _to_end(self) -> int:
        bench = self._live.bench
        if self._live.in_past():
            bench.goto(bench.past.branch.end)
            return 1
        return 0

    def _back_to(self, time_ns: int) -> int:
        bench = self._live.bench
        start = bench.past.branch.starts[0]
        if bench.past.cursor <= start and time_ns <= start.time:
            return 0
        if time_ns <= start.time:
            bench.goto(start)
        else:
            bench.goto_time(time_ns)
        return 1

    def _move(self, go: Callable[[], int], notice: str) -> None:
        """Move in the history; the log is that of the place one arrives at."""
        live = self._live
        self._transport.pause()
        live.hold_still()
        began = live.wall()
        try:
            moved = go()
            if moved:
                live.hear_back(live.wall() - began)
        except AclbenchError as error:
            live.say(str(error), error=True)
            return
        edge = "this is the end of the run so far" if "end" in notice else ""
        live.say(notice if moved else edge or "this is the start of the run")
