"""The plots of a page, as SVG, drawn by matplotlib (the extra `report`)."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, Final

from aclbench.errors import AclbenchError
from aclbench.lab.comparing import Compared
from aclbench.lab.figures import BINS_S
from aclbench.lab.table import seconds_text

#: Width and height of a plot, in inches.
SIZE: Final = (7.0, 2.6)
#: Lines that can still be told apart; more combinations are left out of the plots.
MOST_LINES: Final = 8


def check_plots() -> None:
    """AclbenchError: there is no matplotlib."""
    if find_spec("matplotlib") is None:
        raise AclbenchError(
            "a page has plots, and these need matplotlib: pip install 'aclbench[report]'"
        )


def _drawn(draw: Callable[[Any], None]) -> str:
    """An SVG element of what is drawn; the same each time."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings = {"svg.fonttype": "none", "svg.hashsalt": "aclbench", "font.size": 9}
    with mpl.rc_context(settings):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.subplots()
        axes.grid(visible=True, color="#dddddd", linewidth=0.5)
        axes.set_axisbelow(True)
        draw(axes)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def live_plot(each: Compared) -> str:
    """Live sessions by class over time, one above the other."""
    series = each.ran.figures.series

    def draw(axes: Any) -> None:
        axes.stackplot(
            series.at_s, *series.live.values(), labels=list(series.live), step="pre", alpha=0.8
        )
        axes.set_xlabel("seconds from the start")
        axes.set_ylabel("live sessions")
        axes.legend(loc="upper left", fontsize=8)

    return _drawn(draw)


def work_plot(each: Compared) -> str:
    """Work in each 100 ms, in the datapath and in interrupts."""
    series = each.ran.figures.series

    def draw(axes: Any) -> None:
        axes.plot(series.at_s, series.datapath, label="datapath", linewidth=1)
        axes.plot(series.at_s, series.interrupts, label="interrupts", linewidth=1, linestyle="--")
        axes.set_xlabel("seconds from the start")
        axes.set_ylabel("operations in 100 ms")
        axes.legend(loc="upper left", fontsize=8)

    return _drawn(draw)


def overstay_plot(found: Sequence[Compared]) -> str:
    """The share of sessions that were deleted up to so long behind their expiry, of each run."""

    def draw(axes: Any) -> None:
        ends = [seconds_text(end) for end in BINS_S[1:]]
        names = [f"< {end}" for end in ends] + [f">= {ends[-1]}"]
        for each in found[:MOST_LINES]:
            overstay = each.ran.figures.overstay
            if overstay.sessions:
                shares = [100 * count / overstay.sessions for count in overstay.bins]
                axes.plot(range(len(names)), shares, marker="o", markersize=3, label=each.case.name)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axes.set_ylabel("% of sessions deleted")
        if axes.lines:
            axes.legend(fontsize=8)

    return _drawn(draw)
