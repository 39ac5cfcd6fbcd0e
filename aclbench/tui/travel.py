"""Back and forth in the run: by steps, to a time, to an event, to another branch. No Textual."""

from __future__ import annotations

from typing import Any

from aclbench.errors import CommandError
from aclbench.tui.live import Live
from aclbench.tui.transport import WAITING, Transport
from aclbench.tui.underway import Underway
from aclbench.tui.units import NS_PER_S, span_text
from aclbench.workbench.history.moving import Unit
from aclbench.workbench.inquiry.stories.values import PastPlace
from aclbench.workbench.inquiry.timeline import timeline_of
from aclbench.workbench.tasks import Slices, Task

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
        self._move(self._live.bench.travel.going_back(1, unit), f"back 1 {unit}",
                   f"back by one {unit}")  # fmt: skip

    def step(self, whole_turn: bool = False) -> None:
        """One named step; or one turn, which is an actor running until it waits or is done.

        Of the actor that is chosen, if one is.
        """
        self._transport.pause()
        what = "turn" if whole_turn else "step"

        def then(task: Task[str]) -> None:
            if _is_done(task):
                self._live.say(task.result)

        self._underway.begin(Task(self._stepping(whole_turn, what), what), then)

    def _stepping(self, whole_turn: bool, what: str) -> Slices[str]:
        """Returns what is said of it. CommandError: the actor that is chosen has nothing to do."""
        transport, actor = self._live.bench.transport, self._transport.chosen or None
        ready = [] if actor is None else transport.ready_actors()
        if actor is not None and actor not in ready:
            able = ", ".join(ready) or "nobody"
            raise CommandError(f"{actor} has nothing to do now; {able} has: a chooses")
        if whole_turn and actor is None:
            taken = yield from transport.stepping_turn()
        else:
            taken = yield from transport.stepping(actor)
            while whole_turn and taken is not None and not taken.finished:
                taken = yield from transport.stepping(actor)
        if taken is None:
            return WAITING if transport.waits_for_packets else "nothing is left to do"
        done = ", done" if taken.finished else ""
        return f"{what}: {transport.name_of(taken)}, {taken.step}{done}"

    def step_packet(self) -> None:
        """On to right behind the next packet."""
        live = self._live
        self._transport.pause()
        before = live.packets_read()

        def then(task: Task[None]) -> None:
            if not _is_done(task):
                return
            read = live.packets_read()
            live.say(f"behind packet {read:,}" if read > before else "there is no more packet")

        self._underway.begin(Task(self._next_packet(before), "on to the next packet"), then)

    def _next_packet(self, before: int) -> Slices[None]:
        """The next packet of the branch, or of the captures where nothing was done yet."""
        live, bench = self._live, self._live.bench
        if live.in_past():
            yield from bench.travel.going_forward(1, "packet")
        if live.packets_read() == before:
            if live.in_past():
                yield from bench.travel.going_to(bench.past.branch.end)
            yield from bench.transport.playing(1)

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
        self._move(self._back_to(self._live.started), "to the start", "at the start of the run")

    def to_end(self) -> None:
        """Behind the last packet of the captures, played or not; without any, to the end of what
        was done. It is what the command `goto end` does."""
        live = self._live
        self._transport.pause()

        def then(task: Task[str]) -> None:
            if _is_done(task):
                packets = live.packets_read()
                at_end = live.bench.rig.feed is not None
                place = "the end of the captures" if at_end else "the end of what was done"
                live.say(f"{place}, behind packet {packets:,}")

        going = live.bench.lines.slices(live.bench, "goto end")
        self._underway.begin(Task(going, "to the end"), then)

    def to_time(self, time_ns: int, notice: str = "") -> None:
        """To any time: back, along what was done, or on."""
        live = self._live
        notice = notice or f"at {live.bench.rig.clock.display(time_ns)}"
        history = live.bench.history
        what = f"to {live.bench.rig.clock.display(time_ns)}"
        if time_ns < live.bench.now or (history and time_ns <= history.branch.end.time):
            self._move(self._back_to(time_ns), what, notice)
            return
        self._transport.pause()
        self._run_to(time_ns, what, notice)

    def jump(self) -> None:
        """Run to the next thing due, and let it happen."""
        live = self._live
        due = live.next_time()
        if due is None:
            live.say("nothing is due")
            return
        span = span_text(due - live.bench.now)
        self._run_to(due, f"jump {span}", f"jumped {span}")

    def _run_to(self, time_ns: int, what: str, notice: str) -> None:
        """Run to a time, and let happen what is due then."""
        live = self._live

        def then(task: Task[bool]) -> None:
            if _is_done(task):
                live.say(notice)

        self._underway.begin(Task(live.bench.transport.running(time_ns), what), then)

    def to_share(self, share: float) -> None:
        """To a part of the run's time: 0 is its start, 1 its end."""
        timeline = timeline_of(self._live.bench, 1)
        span = timeline.end - timeline.start
        self.to_time(timeline.start + int(span * min(max(share, 0.0), 1.0)))

    def along(self, columns: int, of: int) -> None:
        """Along the timeline by so many of its columns."""
        timeline = timeline_of(self._live.bench, 1)
        width = max((timeline.end - timeline.start) // of, 1)
        target = self._live.bench.now + columns * width
        self.to_time(min(max(target, timeline.start), timeline.end))

    # --- to a point --------------------------------------------------------------------------

    def to_event(self, number: int) -> None:
        """To right behind the step that made a trace event, by its number in the run."""
        going = self._live.bench.travel.going_to(number)
        self._move(going, f"to event {number:,}", f"behind event {number:,}")

    def to_place(self, place: PastPlace) -> None:
        """To a point that a story names."""
        going = self._live.bench.travel.going_to(place)
        self._move(going, "to that moment", "at the moment that the story tells of")

    def switch(self, branch: str) -> None:
        """To the end of another branch."""
        going = self._live.bench.travel.switching(branch)
        self._move(going, f"to branch {branch}", f"at the end of branch {branch}")

    def _back_to(self, time_ns: int) -> Slices[int]:
        bench = self._live.bench
        start = bench.past.branch.starts[0]
        if bench.past.cursor <= start and time_ns <= start.time:
            return 0
        if time_ns <= start.time:
            yield from bench.travel.going_to(start)
        else:
            yield from bench.travel.going_to_time(time_ns)
        return 1

    def _move(
        self,
        going: Slices[int] | Slices[None],
        what: str,
        notice: str,
        edge: str = "this is the start of the run",
    ) -> None:
        """Move in the history; `edge` is said if there is nowhere to go: the slices return 0."""
        live = self._live
        self._transport.pause()

        def then(task: Task[Any]) -> None:
            if _is_done(task):
                live.say(edge if task.result == 0 else notice)

        self._underway.begin(Task(going, what), then)


def _is_done(task: Task[Any]) -> bool:
    return task.error is None and not task.is_stopped
