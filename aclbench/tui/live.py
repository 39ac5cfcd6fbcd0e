"""The bench that is on the screen: its log, what is said of it, and what it is compared with.

No Textual here. What plays it and goes back in it stands in `transport` and `travel`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from aclbench.tui.log.store import EventStore
from aclbench.workbench.inquiry.events import recent_events
from aclbench.workbench.rig.extent import Extent
from aclbench.workbench.tasks import Slices, Task
from aclbench.workbench.views.snapshot import Snapshot, View
from aclbench.workbench.workbench import Workbench

MakeBench = Callable[[], Slices[Workbench]]

#: What changed stands out for this long on the wall, in seconds.
MOMENT_S: Final = 0.7
#: A message stays for this long while playing, in seconds.
NOTICE_S: Final = 3.0
ERROR_S: Final = 15.0
#: Events that the log has again after going back, if there were so many.
EVENTS_BACK: Final = 400
#: With more sessions than this, what went by unheard is not made again for the log: it takes long.
MANY_SESSIONS: Final = 20_000
#: Nor after a move that took longer than this, in seconds.
LONG_S: Final = 0.5
#: What a slice of long work may take, in seconds.
SLICE_S: Final = 0.024
#: Larger captures are not read ahead: how long they are is known once they were played.
MEASURED_BYTES: Final = 1 << 29
#: A snapshot of what is counted alone.
COUNTS: Final = View(threads=(), lists=())


class Painted(NamedTuple):
    """A painting that later ones are compared with: when, what, and how much the log had."""

    wall: float
    snapshot: Snapshot
    counts: tuple[int, ...]


class Live:
    """A bench and its log. `clock` is the wall's, in seconds."""

    def __init__(
        self, bench: Workbench, title: str, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.wall = clock
        self.notice = ""
        #: The notice is an error.
        self.error = False
        self._said = 0.0
        self.begin(bench, title)

    def begin(self, bench: Workbench, title: str) -> None:
        """This bench is shown from now on."""
        self.bench, self.title = bench, title
        self.log = EventStore(bench)
        self._refilling: Task[list[Any]] | None = None
        self._measuring: Task[bool] | None = None
        self._measured: Extent | None = None
        scenario = bench.rig.scenario
        if scenario is not None and scenario.next_guess is not None:
            self.log.note(scenario.assumed)
        if bench.history is not None and (bench.now > bench.started or self.packets_read()):
            self._refill()  # a run that goes on
        self._told_capture_error = self._told_record_error = False
        self._painted: deque[Painted] = deque()
        self._last_painted: Painted | None = None
        self.look_at_threads()

    def look_at_threads(self) -> None:
        """The bench may have other workers than before, or stand elsewhere in its history."""
        everything = self.bench.snapshot(View(lists=()))
        self.threads = tuple(w.thread_index for w in everything.workers if w.carries_packets)
        self._moves = self.bench.moves

    # --- what is known -----------------------------------------------------------------------

    @property
    def started(self) -> int:
        """The virtual time at the start."""
        return self.bench.started

    @property
    def has_moved(self) -> bool:
        """The bench went somewhere in its history since one last looked at its threads."""
        return self.bench.moves != self._moves

    def next_time(self) -> int | None:
        """When the next thing is due; None if nothing is."""
        return self.bench.outlook().next_time

    def in_past(self) -> bool:
        """The run goes on from here already: there is a future to go to."""
        history = self.bench.history
        return history is not None and not history.at_end()

    def packets_read(self) -> int:
        """How many packets there have been."""
        return self.bench.snapshot(COUNTS).packets.read

    def stamp(self) -> object:
        """Something that is another whenever the bench is not what it was."""
        bench = self.bench
        history = bench.history
        place = bench.rig.events_so_far() if history is None else history.cursor
        return id(bench), bench.moves, bench.now, place, bench.rig.time_mode

    # --- what is said ------------------------------------------------------------------------

    def say(self, notice: str, error: bool = False) -> None:
        """What the status line shows: while playing for a while, else until more is said."""
        self.notice, self.error = notice, error
        self._said = self.wall()

    def forget_notice(self) -> None:
        """Take away what was said if it has been there for long enough."""
        if self.notice and self.wall() - self._said > (ERROR_S if self.error else NOTICE_S):
            self.say("")

    def look_for_trouble(self) -> None:
        """Say once what went wrong beside the run: a capture that ends early, a full disk."""
        error = self.bench.capture_error
        if error is not None and not self._told_capture_error:
            self._told_capture_error = True
            self.say(str(error), error=True)
        history = self.bench.history
        recorder = history.recorder if history is not None else None
        if recorder is not None and recorder.failed is not None and not self._told_record_error:
            self._told_record_error = True
            self.say(f"the record of this run ends here: {recorder.failed}", error=True)

    # --- what the log has --------------------------------------------------------------------

    def hear_back(self, took_s: float = 0.0) -> None:
        """The log of where one went to, unless going there took long: this takes as long again."""
        self.log.listen(True)
        if self._can_hear_again() and took_s < LONG_S:
            self._refill()
        else:
            self._leave_refilling()

    def hear_again(self) -> None:
        """What went by unheard is in the log after all."""
        missed = not self.log.listening or self.log.has_gaps
        self.log.listen(True)
        if missed and self._can_hear_again():
            self._refill()

    def _can_hear_again(self) -> bool:
        return self.bench.outlook().live <= MANY_SESSIONS

    def _refill(self) -> None:
        """Have the log be filled again: at once, as far as a slice goes."""
        if self.bench.history is not None:
            self._refilling = Task(recent_events(self.bench.history, EVENTS_BACK), "the log")
            self.go_on()

    def go_on(self) -> bool:
        """Go on with filling the log again; True: it is done."""
        task = self._refilling
        if task is not None and task.work(SLICE_S):
            self._refilling = None
            if task.error is None:
                self.log.refill(task.result)
        return self._refilling is None

    def _leave_refilling(self) -> None:
        """Do without what was before: making it again takes long."""
        if self._refilling is not None:
            self._refilling.stop()
            self._refilling = None
        self.log.refill(())
        self.log.note("the events before this are not made again here: that would take long")

    @property
    def is_refilling(self) -> bool:
        """The log is being filled again."""
        return self._refilling is not None

    # --- how far the captures go -------------------------------------------------------------

    def measure(self) -> None:
        """Find out where the captures end, beside everything else, unless that takes long."""
        feed = self.bench.rig.feed
        if feed is not None and feed.extent is not self._measured:
            self._measured = feed.extent
            is_small = feed.progress[1] <= MEASURED_BYTES
            self._measuring = Task(feed.measuring(), "look ahead") if is_small else None
        if self._measuring is not None and self._measuring.work(SLICE_S):
            self._measuring = None

    @property
    def is_measuring(self) -> bool:
        """It is being found out where the captures end."""
        return self._measuring is not None

    # --- what changed ------------------------------------------------------------------------

    def hold_still(self) -> None:
        """From now on compare with what stands on the screen: something is about to be done.

        An error of what was done before that is said no longer.
        """
        if self.error:
            self.say("")
        if not self.go_on():
            self._leave_refilling()  # what happens now is behind it
        self._painted.clear()
        if self._last_painted is not None:
            self._painted.append(self._last_painted)

    def compare(self, snapshot: Snapshot, active: bool) -> Painted | None:
        """What to compare a painting with: the one before the last thing done.

        While something goes on by itself, that of a moment ago. None: this is the first.
        """
        now = Painted(self.wall(), snapshot, tuple(self.log.counts))
        self._last_painted = now
        if not self._painted:
            self._painted.append(now)
            return None
        if active:
            self._painted.append(now)
            while len(self._painted) > 1 and self._painted[1].wall <= now.wall - MOMENT_S:
                self._painted.popleft()
        return self._painted[0]
