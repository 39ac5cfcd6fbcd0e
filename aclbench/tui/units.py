"""How times and counts are written on the screen: one way for each, and never too wide.

Times come as nanoseconds. What is written fits a column, so that columns stay aligned.
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len

from aclbench.visible import visible_line

NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400

#: Bars from lowest to highest, for small plots.
BARS: Final = "▁▂▃▄▅▆▇█"

#: The widest that `short_time` and `short_count` write.
SHORT_WIDTH: Final = 5


def span_text(ns: int) -> str:
    """A duration in a sentence: `0.35 s`, `85 s`, `2 h 5 min`."""
    if ns < NS_PER_MS:
        return f"{ns / 1000:.3g} us"
    if ns < NS_PER_S // 10:
        return f"{ns / NS_PER_MS:.3g} ms"
    seconds = ns / NS_PER_S
    if seconds < 600:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
    whole = int(seconds)
    for big, big_name, small, small_name in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= big:
            rest = whole % big // small
            return f"{whole // big} {big_name}" + (f" {rest} {small_name}" if rest else "")
    return f"{whole} s"


def short_time(ns: int) -> str:
    """A duration of at least 0 in five columns at most: `0.35s`, `12.3s`, `2h05m`, `27y`."""
    ns = max(ns, 0)
    if ns < 10 * NS_PER_S:
        # Cut off, not rounded: 9.999 s must not become 10.00s, nor "due" come early.
        return f"{ns // (NS_PER_MS * 10) / 100:.2f}s"
    if ns < 100 * NS_PER_S:
        return f"{ns // (NS_PER_MS * 100) / 10:.1f}s"
    whole = ns // NS_PER_S
    if whole < 1000:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < 10 * _HOUR:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02d}m"
    if whole < 100 * _HOUR:
        return f"{whole // _HOUR}h"
    if whole < 10_000 * _DAY:
        return f"{whole // _DAY}d"
    return f"{whole // (365 * _DAY)}y"


def short_count(count: int) -> str:
    """A count in at most six columns: `9,999`, `12.3k`, `1.23M`."""
    if count < 10_000:
        return f"{count:,}"
    for size, name in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            scaled = count / size
            digits = 2 if scaled < 10 else 1 if scaled < 100 else 0
            # Cut off rather than round up to one digit more than there is room for.
            cut = int(scaled * 10**digits) / 10**digits
            return f"{cut:.{digits}f}{name}"
    return str(count)


def fit_middle(text: str, width: int) -> str:
    """A name cut in its middle, since interfaces differ at their ends: `GigabitE…3/0/0`."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return text[: max(width - 1 - end, 0)] + "…" + text[len(text) - end :]


def fit(text: str, width: int) -> str:
    """A line of text, cut with an ellipsis after a whole word if it is wider than `width`."""
    text = visible_line(text)
    if cell_len(text) <= width:
        return text
    if width < 2:
        return "…"[: max(width, 0)]
    cut = text[: width - 1]
    while cell_len(cut) > width - 1:  # some scripts have characters of two columns
        cut = cut[:-1]
    space = cut.rfind(" ")
    if space > width // 2 and text[len(cut)] != " ":
        cut = cut[:space]
    return cut.rstrip() + "…"


def fit_end(end: str, width: int) -> str:
    """One end of a connection: of one that is too long the middle of its address is left out.

    `[2001:db8:1:2:3:4:5:6]:40031` as `[2001…:5:6]:40031`: never its port.
    """
    if len(end) <= width:
        return end
    port = end[end.rfind(":") :] if end.count(":") == 1 or "]:" in end else ""
    address = end.removesuffix(port)
    bracket = "]" if address.endswith("]") else ""
    room = max(width - len(port) - len(bracket), 1)
    return fit_middle(address.removesuffix(bracket), room) + bracket + port


def fit_ends(source: str, destination: str, width: int) -> str:
    """Both ends of a connection: `10.0.0.2:33003 > 192.168.0.2:80`, `10…2:33003>192….2:80`.

    Where there is no room the addresses are shortened, the longer end first, and no port.
    """
    whole = f"{source} > {destination}"
    if len(whole) <= width:
        return whole
    room = width - 1
    for_source = max(min(len(source), room // 2), room - len(destination))
    return f"{fit_end(source, for_source)}>{fit_end(destination, room - for_source)}"
