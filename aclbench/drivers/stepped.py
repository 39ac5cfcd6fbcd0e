"""The stepped driver: one thread, a virtual clock, every choice repeatable.

Two ways lead to the same state: `run_until` and `run_packets`, which call the datapath straight
through, and `step` (see `stepping.py`), which lets one actor take one named step, and another the
next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aclbench.drivers.frame import FRAME_SIZE, Frame, Handled
from aclbench.drivers.stepping import Position, Stepping
from aclbench.engine.timeouts import NEVER
from aclbench.engine.worker import Worker
from aclbench.errors import AclbenchError

#: Packets whose sessions are looked for ahead of them (`Datapath.warm_up`), as many as in a frame.
WARM_UP_PACKETS: Final = FRAME_SIZE


class SteppedDriver(Stepping):
    """Drives a `Machine` in virtual time, straight through or by steps."""

    def run_until(
        self, until: int, max_packets: int | None = None, max_turns: int | None = None
    ) -> bool:
        """Run what is due up to and including `until` (nanoseconds), then set the clock there.

        Stops early, and returns False, after `max_packets` packets or `max_turns` turns of the
        cleaner and the interrupt handlers, and where the next packet has not come yet.
        """
        with self._stoppable():
            return self._run_until(until, max_packets, max_turns)

    def _run_until(self, until: int, max_packets: int | None, max_turns: int | None) -> bool:
        if self.order == "random":
            return self._run_by_steps(until, max_packets)
        max_packets = self._finish_begun(max_packets)
        self._turns_left = max_turns if max_turns is not None else NEVER
        handled = self._run_packets(until, max_packets)
        if max_packets is not None and handled >= max_packets:
            return False
        if self.arrivals.waits and until > self.now:
            return False
        if not self._run_due(until):
            return False
        self.now = max(self.now, until)
        return True

    def run_packets(self, max_packets: int | None = None, max_turns: int | None = None) -> bool:
        """Run on to the last packet, and what is left to do at its instant; the clock stops there.

        Stops early, and returns False, after `max_packets` packets or `max_turns` turns, and where
        the next packet has not come yet.
        """
        with self._stoppable():
            return self._run_on(max_packets, max_turns)

    def _run_on(self, max_packets: int | None, max_turns: int | None) -> bool:
        if self.order == "random":
            first = self._packets
            while self.arrivals.next_frame() is not None or self._busy():
                left = None if max_packets is None else max_packets - (self._packets - first)
                if not self._run_by_steps(self.next_time(), left):
                    return False
            return not self.arrivals.waits
        max_packets = self._finish_begun(max_packets)
        self._turns_left = max_turns if max_turns is not None else NEVER
        handled = self._run_packets(NEVER - 1, max_packets)
        if max_packets is not None and handled >= max_packets:
            return False
        at_end = self.arrivals.next_frame() is None and not self.arrivals.waits
        return at_end and self._run_due(self.now)

    def run_to(self, position: Position, time: int) -> None:
        """Run, in fair order, to a position that lies ahead; then set the clock, never back.

        The position must be one that this very run has: from the same state on, of the same input.
        """
        while self._busy() and self.position < position:
            self.step()  # somebody is busy, so there is a step to take
        self._turns_left = NEVER
        if self._packets < position.packets:
            self._run_packets(NEVER - 1, position.packets - self._packets)
        if self._packets == position.packets:
            self._turns_left = position.turns - self._turns
            if self._turns_left > 0:
                self._run_due(NEVER - 1)
            self._turns_left = NEVER
            while self.position < position and self.step() is not None:
                pass
        if self.position != position:
            raise AclbenchError(
                f"the run arrived at {tuple(self.position)}, not at {tuple(position)}: "
                "it is not the run that was recorded"
            )
        self.now = max(self.now, time)

    def run_to_next_packet(self) -> None:
        """Run, in fair order, all that is due before the next packet, and not the packet."""
        frame = self.arrivals.next_frame()
        if frame is not None and not self._busy():
            self._turns_left = NEVER
            self._run_due(max(self.now, frame.peek_time()))

    def settle(self) -> None:
        """Run what is left to do at the present instant; the clock does not move."""
        self.run_until(self.now)

    def stop(self) -> None:
        """End the run under way behind the packet or turn in hand; it then returns False.

        From a listener, or from a signal handler. `stopped` tells until the next run.
        """
        if self._may_stop:
            self.stopped = self._stopping = True
            self._due = 0  # so that the next packet asks first

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """A run that `stop` may end, for the time of a `with` block."""
        self.stopped, self._may_stop = False, True
        try:
            yield
        finally:
            self._may_stop = self._stopping = False

    def _finish_begun(self, max_packets: int | None) -> int | None:
        """Finish what was begun step by step; how many of `max_packets` are left then."""
        first = self._packets
        while self._busy():
            self.step()
        return None if max_packets is None else max(max_packets - (self._packets - first), 0)

    def _run_packets(self, until: int, max_packets: int | None) -> int:
        """Handle the packets that arrive up to `until`, and before each what is due by then."""
        am, datapath = self.machine.am, self.machine.datapath
        listening = am.tell.hears_packets()
        by_flow = am.flow_placement and am.n_workers > 1
        rx_workers: list[Worker] = []
        handled, going_on = 0, True
        fast_path = self._fast_path if not listening else None
        while going_on and (frame := self.arrivals.next_frame()) is not None:
            start, end = frame.position, len(frame.time)
            if max_packets is not None:
                end = min(end, start + max_packets - handled)
            now = began = self.now
            times, rxs, infos, keys = frame.time, frame.rx, frame.info, frame.keys
            i = start
            if not rx_workers:
                rx_workers = self._rx_workers()
            warm = start + -start % WARM_UP_PACKETS  # so far it is, or nothing has to be
            while i < end:
                if i == warm:
                    warm += WARM_UP_PACKETS
                    datapath.warm_up(frame.flow, i, min(warm, end))
                if fast_path is not None and fast_path.is_worth_it():
                    workers = am.packet_workers if by_flow else rx_workers
                    stop = min(warm, end)
                    i = fast_path.run(frame, i, stop, now, self._due, until, workers, by_flow)
                    now = fast_path.now
                    if i == stop:
                        continue
                time = times[i]
                if time <= now:
                    time = now
                elif time > until:
                    break
                if time >= self._due:
                    self._at_packet(now, i - start)
                    going_on = self._run_due(time)
                    if not going_on:
                        now = self.now
                        break
                    rx_workers = self._rx_workers()  # an index may have become free
                now = time
                rx, info = rxs[i], infos[i]
                worker = rx_workers[rx]
                if by_flow:
                    worker = am.packet_workers[frame.flow[i] % am.n_workers]
                if listening:
                    worker.packet_number = frame.number[i]
                key, mirror_key = keys.both(i, info)
                datapath.process_packet(worker, rx, key, mirror_key, info, now)
                i += 1
            if fast_path is not None:
                fast_path.count()
            if going_on:
                self._at_packet(now, i - start)
            self._note_handled(frame, i, began)
            handled += i - start
            if i < len(frame.time):
                break
        return handled

    def _note_handled(self, frame: Frame, end: int, began: int) -> None:
        """The packets of a frame up to a row are handled; the clock was at `began` before them."""
        start, frame.position = frame.position, end
        self._packets += end - start
        if self.handled is not None and end > start:
            self.handled.append(Handled(frame, start, end, began))

    def _rx_workers(self) -> list[Worker]:
        """For each sw_if_index the worker that polls it."""
        am = self.machine.am
        return [am.workers[am.thread_of(rx, b"")] for rx in range(len(am.interfaces))]

    def _at_packet(self, now: int, handled: int) -> None:
        """Note the clock, and that no turn was taken since the last packet, if there was one."""
        self.now = now
        if handled:
            self._turns = 0

    def _run_due(self, until: int) -> bool:
        """Run the cleaner and the interrupts that are due up to `until`, jumping idle time.

        False: no turns were left for what is due, or `stop` was called.
        """
        while not self._stopping:
            if self._cleaner.is_ready(self.now):
                if not self._turns_left:
                    return False
                self._cleaner.run_turn(self.now)
            elif interrupted := self._interrupted():
                if not self._turns_left:
                    return False
                for _ in self._begin_interrupt(interrupted[0]):
                    pass
            else:
                due = self._due_idle()
                if due > until:
                    self._due = due
                    return True
                if not self._turns_left:
                    return False
                self.now = max(self.now, due)
                continue
            self._turns_left -= 1
            self._turns += 1
        return False

    def _run_by_steps(self, until: int, max_packets: int | None) -> bool:
        """`run_until` for an order that is not fair: nothing but steps."""
        first = self._packets
        while self.next_time() <= until:
            if self.arrivals.next_frame() is None and self.arrivals.waits:
                return False
            if max_packets is not None and self._packets - first >= max_packets:
                return False
            self.step()
            if self._stopping:
                return False
        self.now = max(self.now, until)
        return True
