"""A command line that goes on beside the screen: `run 10h` must not keep a key waiting.

So does other work on the bench, that of a lesson for one; `what` is then how it is called.

The command runs on a thread of its own, but only while `work` waits for it: it parks where it is
between two slices (`Workbench.breathe`), with the bench whole, and then the screen has the bench to
itself. So there are two threads and never two at a time.

On a bench on real threads it does not park: a command holds vpp_main there until it is done, and
who looks at the workers meanwhile asks them, as with any run; for a parked one he would wait for
ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from aclbench.errors import AclbenchError

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

#: On real threads, how long a command may take to end before it is told so again, in seconds.
LOOK_S: Final = 0.05


class SideCommand:
    """One command line. When it `is_over` it has an `error`, `is_stopped`, or has its `result`."""

    def __init__(
        self,
        bench: Workbench,
        what: str,
        clock: Callable[[], float] = time.perf_counter,
        work: Callable[[], str] | None = None,
    ) -> None:
        self.what = what
        self.result = ""
        self.error: AclbenchError | None = None
        self.is_stopped = False
        self.is_over = False
        #: What it printed since somebody took it.
        self.printed: list[str] = []
        self.has_printed = False
        self._bench = bench
        self._is_command = work is None
        self._work = work if work is not None else lambda: bench.cli(what)
        self._clock = clock
        self._crash: BaseException | None = None
        self._stop_asked = False
        self._parks = not bench.is_threaded
        self._until = 0.0
        self._begun = False
        self._screen = threading.Semaphore(0)
        self._command = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, name="command", daemon=True)

    def work(self, budget_s: float) -> bool:
        """Let it go on for about so long; True: it is done."""
        if self.is_over:
            return True
        self._until = self._clock() + budget_s
        if not self._begun:
            self._begun = True
            self._thread.start()
        elif self._parks:
            self._command.release()
        if self._parks:
            self._screen.acquire()
        else:
            self._thread.join(budget_s)
        if self._crash is not None:
            raise self._crash
        return self.is_over

    def stop(self) -> None:
        """Have it end where it is parked, or before it begins."""
        self._stop_asked = True
        if not self._begun:
            self.is_over = self.is_stopped = True
        while not self.is_over:
            if not self._parks:
                self._bench.stop()
            self.work(0.0 if self._parks else LOOK_S)
        self._bench.forget_stop()

    def take_printed(self) -> list[str]:
        """What it printed since the last time."""
        printed, self.printed = self.printed, []
        return printed

    # --- on its thread -----------------------------------------------------------------------

    def _run(self) -> None:
        bench = self._bench
        before = bench.breathe, bench.printer
        # A lesson's work returns what its lines print; a command prints as it goes on.
        prints = self._print if self._is_command else None
        bench.breathe, bench.printer = self._breathe, prints
        try:
            self.result = self._work()
        except KeyboardInterrupt:
            self.is_stopped = True
        except AclbenchError as error:
            self.error = error
        except BaseException as error:  # told to whoever waits for this command
            self._crash = error
        finally:
            bench.breathe, bench.printer = before
            self.is_over = True
            self._screen.release()

    def _breathe(self) -> None:
        if self._parks and not self._stop_asked and self._clock() >= self._until:
            self._screen.release()
            self._command.acquire()
        if self._stop_asked:
            raise KeyboardInterrupt

    def _print(self, line: str) -> None:
        self.printed.append(line)
        self.has_printed = True
