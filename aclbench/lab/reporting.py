"""One run as a page: its figures, plots, and the packets that were denied, with why."""

from __future__ import annotations

from time import process_time

from aclbench.capture.stream import can_be_read_again
from aclbench.files import TemporaryFolder
from aclbench.lab.axes import Combination
from aclbench.lab.comparing import Case, Compared
from aclbench.lab.fates import FateWriter, denied
from aclbench.lab.figures import figures_of, measure
from aclbench.lab.page import comparison_page
from aclbench.lab.running import KEPT, Ran
from aclbench.lab.table import packet_name_in
from aclbench.workbench.budget import Limits, budget_for_captures, playing_within
from aclbench.workbench.inquiry.explain import explain_all
from aclbench.workbench.inquiry.explain.text import groups_text
from aclbench.workbench.rig.start import Start
from aclbench.workbench.tasks import Slices
from aclbench.workbench.workbench import Workbench, setting_up

#: Connections that are named.
MOST_NAMED = 200


class Reporting:
    """Goes along with a run, in virtual time, of a bench that a scenario has set up."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._folder = TemporaryFolder()
        self._began = process_time()
        self._measures = measure(bench.rig)
        bench.rig.keep_packets()
        self._fates = FateWriter(self._folder.path, "report")
        self._causes = ""

    def along(self, run: Slices[bool]) -> Slices[bool]:
        """The run; what becomes of its packets is kept in a file."""
        while True:
            try:
                told = next(run)
            except StopIteration as end:
                result: bool = end.value
                return result
            if self._bench.rig.packets_kept >= KEPT:
                self._fates.write(*self._bench.rig.take_handled())
            yield told

    def explaining(self, limits: Limits) -> Slices[None]:
        """Find the causes of what did not pass, on another bench, which keeps its past.

        It plays what was played. Where a capture can be read only once none are found.
        """
        scenario, report = self._bench.rig.scenario, self._bench.report()
        assert scenario is not None
        if report.packets.permitted == report.packets.read:
            return
        if not all(can_be_read_again(path) for path in scenario.captures):
            return
        bench = yield from setting_up(Workbench, scenario, Start(), True, limits)
        bench.rig.time_mode = self._bench.rig.time_mode
        playing = bench.transport.playing(report.packets.read)
        yield from playing_within(budget_for_captures(limits), bench, playing)
        self._causes = groups_text((yield from explain_all(bench.past)))

    def page(self) -> str:
        """The page of what was run so far."""
        bench, scenario = self._bench, self._bench.rig.scenario
        assert scenario is not None
        self._fates.write(*bench.rig.take_handled())
        files = self._fates.close()
        figures = figures_of(bench, self._measures, process_time() - self._began)
        why = "" if bench.capture_error is None else str(bench.capture_error)
        ran = Ran(figures, files, bench.started, bench.report().notes, why)
        notice = denied(self._folder.path, files, MOST_NAMED)
        self._folder.remove()
        lines = [n.to_report(packet_name_in(scenario, n.number)) for n in notice.first]
        if left := notice.connections - len(notice.first):
            lines.append(f"and {left:,} connections more")
        case = Case(0, 0, scenario.title, Combination((), scenario))
        return comparison_page([Compared(case, ran, None)], lines or ["none"], self._causes)
