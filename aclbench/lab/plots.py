"""The plots of a page, as SVG, drawn by matplotlib (the extra `report`).

What is drawn is lines, areas and fixed words: names, which anybody may have chosen, stand beside it
in HTML. Colours are those of Okabe and Ito, which all eyes tell apart; where there are more lines
they are dashed. What is black here is the page's own colour of text.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from itertools import pairwise
from typing import Any, Final, NamedTuple

from aclbench.errors import AclbenchError
from aclbench.lab.comparing import Compared
from aclbench.lab.figures import BINS_S, Series
from aclbench.lab.table import seconds_text

#: Width and height of a plot, in inches: two stand side by side.
SIZE: Final = (5.4, 2.7)
#: What the page's colours are put in for: of text, and of what should not be looked at.
_TEXT: Final = "#010203"
_FAINT: Final = "#040506"
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", _TEXT)
_DASHES: Final = ((), (5.0, 2.0), (1.0, 1.5), (5.0, 1.5, 1.0, 1.5))
#: Of areas one above the other: light and dark in turn, which is seen without colours, too.
_AREAS: Final = ("#56b4e9", "#004b7a", "#e69f00", "#7a2f00")
#: Lines that can still be told apart; more combinations are left out of the plots.
MOST_LINES: Final = len(_COLOURS) * len(_DASHES)
#: A run of at least so many seconds is shown in minutes, in hours.
_IN_MINUTES_S: Final = 600.0
_IN_HOURS_S: Final = 3 * 3600.0


class Key(NamedTuple):
    """What a line or an area is, and a small picture of it."""

    svg: str
    text: str


class Plot(NamedTuple):
    """A plot, and what its lines or areas are."""

    svg: str
    keys: tuple[Key, ...]


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

    settings: dict[str, Any] = {"svg.fonttype": "none", "svg.hashsalt": "aclbench", "font.size": 9}
    for name in ("text.color", "axes.labelcolor", "xtick.color", "ytick.color"):
        settings[name] = _TEXT
    settings["axes.edgecolor"] = settings["grid.color"] = _FAINT
    with mpl.rc_context(settings):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.subplots()
        axes.grid(visible=True, linewidth=0.5)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        draw(axes)
        text = io.StringIO()
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(text, format="svg", transparent=True, metadata=metadata)
    svg = text.getvalue()
    return _in_page_colours(svg[svg.index("<svg") :])


def _in_page_colours(svg: str) -> str:
    return svg.replace(_TEXT, "currentColor").replace(_FAINT, "var(--faint)")


def _over_time(axes: Any, until_s: float) -> float:
    """Set the axis of time; what its seconds are multiplied by."""
    unit, factor = "seconds", 1.0
    if until_s >= _IN_HOURS_S:
        unit, factor = "hours", 1 / 3600
    elif until_s >= _IN_MINUTES_S:
        unit, factor = "minutes", 1 / 60
    axes.set_xlabel(f"{unit} from the start")
    axes.set_xlim(0, until_s * factor or 1)
    return factor


def live_plot(each: Compared, found: Sequence[Compared]) -> Plot:
    """Live sessions by class over time, one above the other; to the scale of all that are found."""
    series, until_s = each.ran.figures.series, each.ran.figures.virtual_s
    colours = [_AREAS[n % len(_AREAS)] for n in range(len(series.live))]

    def draw(axes: Any) -> None:
        factor = _over_time(axes, until_s)
        at = [factor * time for time in (*series.at_s, until_s)]
        below = [0] * len(at)
        for colour, live in zip(colours, series.live.values(), strict=True):
            # What is there at the end of an interval is there until something happens.
            values = [*live, *live[-1:]]
            above = [a + b for a, b in zip(below, values, strict=False)]
            if values:
                axes.fill_between(at, below, above, step="post", color=colour, linewidth=0)
                below = above
        axes.set_ylabel("live sessions")
        axes.set_ylim(0, 1.05 * max(other.ran.figures.peak for other in found) or 1)

    keys = [Key(_square(c), name) for c, name in zip(colours, series.live, strict=True)]
    return Plot(_drawn(draw), tuple(reversed(keys)))


def work_plot(each: Compared, found: Sequence[Compared]) -> Plot:
    """Work in each 100 ms, in the datapath and in interrupts; to the scale of all that are found.

    The scale is logarithmic: it has to show a spike, and what is done all the time.
    """
    series, until_s = each.ran.figures.series, each.ran.figures.virtual_s
    of = {"datapath": series.datapath, "interrupts": series.interrupts}

    def draw(axes: Any) -> None:
        factor = _over_time(axes, until_s)
        for n, values in enumerate(of.values()):
            at, work = zip(*corners(series, values), strict=True) if values else ((), ())
            times = [factor * time for time in at]
            axes.plot(times, work, linewidth=1, color=_COLOURS[n], dashes=_DASHES[n])
        axes.set_yscale("symlog", linthresh=1)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        axes.set_ylabel("operations in 100 ms")
        most = [max((*o.datapath, *o.interrupts, 1)) for o in (f.ran.figures.series for f in found)]
        axes.set_ylim(0, 1.5 * max(most))

    keys = [Key(_line(n), name) for n, name in enumerate(of)]
    return Plot(_drawn(draw), tuple(keys))


def corners(series: Series, values: Sequence[int]) -> Iterator[tuple[float, int]]:
    """The corners of a line that is flat in each interval, and 0 where there is none."""
    times = series.at_s
    width = min((b - a for a, b in pairwise(times)), default=times[0])
    end = 0.0
    for time, value in zip(times, values, strict=True):
        begin = max(time - width, end)
        if begin > end:
            yield end, 0
            yield begin, 0
        yield begin, value
        yield time, value
        end = time
    yield end, 0


def overstay_plot(found: Sequence[Compared]) -> Plot:
    """The share of sessions that were deleted up to so long behind their expiry, of each run."""
    shown = [each for each in found if each.ran.figures.overstay.sessions][:MOST_LINES]

    def draw(axes: Any) -> None:
        ends = [seconds_text(end) for end in BINS_S[1:]]
        names = [f"< {end}" for end in ends] + [f"\N{GREATER-THAN OR EQUAL TO} {ends[-1]}"]
        for n, each in enumerate(shown):
            overstay = each.ran.figures.overstay
            shares = [100 * count / overstay.sessions for count in overstay.bins]
            colour, dashes, width = _style(n)
            line = {"color": colour, "dashes": dashes, "linewidth": width}
            axes.plot(range(len(names)), shares, marker="o", markersize=1.5 * width, **line)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axes.set_xlabel("behind the expiry")
        axes.set_ylabel("% of sessions deleted")
        axes.set_ylim(0, None if shown else 100)

    keys = [Key(_line(n), each.case.name) for n, each in enumerate(shown)]
    return Plot(_drawn(draw), tuple(keys))


def _style(n: int) -> tuple[str, tuple[float, ...], float]:
    """Colour, dashes and width of a line: no two are alike, and one shows below a later one."""
    return _COLOURS[n % len(_COLOURS)], _DASHES[n % len(_DASHES)], max(3 - 0.3 * n, 1)


def _line(n: int) -> str:
    colour, dashes, width = _style(n)
    pattern = " ".join(f"{width * each:g}" for each in dashes)
    return _in_page_colours(
        '<svg class="key" width="30" height="8" aria-hidden="true">'
        f'<line x1="0" y1="4" x2="30" y2="4" stroke="{colour}" stroke-width="{width:g}" '
        f'stroke-dasharray="{pattern or "none"}"/></svg>'
    )


def _square(colour: str) -> str:
    return (
        '<svg class="key" width="10" height="10" aria-hidden="true">'
        f'<rect width="10" height="10" fill="{colour}"/></svg>'
    )
