"""A comparison as one HTML page that needs nothing else: who would notice, plots, the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Final

from aclbench.lab.comparing import Compared
from aclbench.lab.plots import MOST_LINES, Plot, live_plot, overstay_plot, work_plot
from aclbench.lab.table import head_of, lines_of, name_of
from aclbench.visible import visible
from aclbench.words import counted

#: Columns of a table, and how many of them a sheet of paper has room for upright.
MOST_COLUMNS: Final = 8
UPRIGHT_COLUMNS: Final = 4

_HEAD: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #111; --paper: #fff; --dim: #666; --faint: #ccc; }}
@media screen and (prefers-color-scheme: dark) {{
  :root {{ --ink: #ddd; --paper: #16181c; --dim: #999; --faint: #444; }} }}
body {{ font: 15px/1.45 sans-serif; color: var(--ink); background: var(--paper);
  max-width: 72em; margin: 2em auto; padding: 0 1em; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.5em; }} h2 {{ font-size: 1.2em; margin-top: 2.5em; }}
h3 {{ font-size: 1em; margin: 1.8em 0 .6em; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; margin-bottom: 1em; }}
th, td {{ padding: .15em .7em; text-align: right; border-bottom: 1px solid var(--faint);
  white-space: nowrap; }}
thead th {{ vertical-align: bottom; }}
th:first-child {{ text-align: left; font-weight: normal; padding-left: 0;
  position: sticky; left: 0; background: var(--paper); }}
th.below {{ padding-left: 1em; }} .same, .note {{ color: var(--dim); }}
dt {{ font-weight: bold; margin-top: .5em; }} dd {{ margin-left: 1.5em; }}
pre {{ white-space: pre-wrap; font-size: .9em; }}
ul {{ margin: .2em 0; padding-left: 1.2em; }}
.wide {{ overflow-x: auto; }}
.plots {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24em), 1fr));
  gap: 0 1.5em; }}
figure {{ margin: 0 0 1em; max-width: 40em; }} figure > svg {{ width: 100%; height: auto; }}
.keys {{ list-style: none; padding: 0; margin: 0; font-size: .85em; display: flex;
  flex-wrap: wrap; gap: 0 1.2em; }} .key {{ margin-right: .4em; }}
@page {{ size: A4 {sheet}; margin: 12mm; }}
@media print {{ body {{ max-width: none; margin: 0; padding: 0; font-size: 11px; }}
  figure, tr, dd, li {{ break-inside: avoid; }} h2, h3, dt {{ break-after: avoid; }}
  .wide {{ overflow: visible; }} th, td {{ padding: .1em .5em; }}
  .plots {{ grid-template-columns: 1fr 1fr; }} * {{ print-color-adjust: exact; }} }}
</style>
</head>
<body>
"""


def _text(words: str) -> str:
    """Text that anybody may have written."""
    return escape(visible(words))


def comparison_page(found: Sequence[Compared], denied: Sequence[str] = (), causes: str = "") -> str:
    """The page; its packets are those of one capture or scenario, or of several.

    `denied` are lines about the packets that one run denied, `causes` why packets did not pass.
    """
    groups = [list(group) for _, group in groupby(found, key=lambda each: each.case.base)]
    titles = [group[0].case.packets_of for group in groups]
    title = _text(f"{', '.join(titles[:3])}{' ...' if len(titles) > 3 else ''}")
    sheet = "landscape" if max(map(len, groups)) > UPRIGHT_COLUMNS else "portrait"
    lines = [_HEAD.format(title=title, sheet=sheet), f"<h1>{title}</h1>"]
    for group in groups:
        if len(groups) > 1:
            lines.append(f"<h2>{_text(group[0].case.packets_of)}</h2>")
        lines += _section(group)
    if causes:
        lines += ["<h3>What did not pass, by cause</h3>", f"<pre>{_text(causes)}</pre>"]
    if denied:
        lines += ["<h3>Denied, by connection</h3>", *_list(denied)]
    return "\n".join([*lines, "</body>", "</html>", ""])


def _section(found: list[Compared]) -> Iterator[str]:
    """Of the runs on the packets of one scenario."""
    several = len(found) > 1
    packets = counted(found[0].ran.figures.packets, "packet")
    yield f"<p>{packets}{f', {len(found)} combinations' if several else ''}</p>"
    for note in dict.fromkeys(note for each in found for note in each.ran.notes):
        yield f'<p class="note">{_text(note)}</p>'
    for error in dict.fromkeys(each.ran.error for each in found if each.ran.error):
        yield f"<p>it ends early: {_text(error)}</p>"
    if several:
        yield f"<h3>Who would notice, instead of {_text(found[0].case.name)}</h3>"
        yield from _notices(found)
    yield "<h3>Figures</h3>"
    for begin in range(0, len(found), MOST_COLUMNS):
        yield from _table(found, begin, begin + MOST_COLUMNS)
    if several:
        yield '<p class="note">grey: as on the first</p>'
    for each in found:
        of = f": {_text(each.case.name)}" if several else ""
        yield f'<h3>Over time{of}</h3>\n<div class="plots">'
        yield from _figure("live sessions, by the class of each", live_plot(each, found))
        yield from _figure("work in each 100 ms, on a logarithmic scale", work_plot(each, found))
        yield "</div>"
    yield "<h3>Overstay: how long behind its expiry a session was deleted</h3>"
    yield from _figure("share of the sessions that were deleted", overstay_plot(found))
    if len(found) > MOST_LINES:
        yield f'<p class="note">the first {MOST_LINES} of {len(found)} combinations</p>'


def _notices(found: Sequence[Compared]) -> Iterator[str]:
    yield "<dl>"
    for each in found[1:]:
        yield f"<dt>{_text(each.case.name)}</dt>"
        notice = each.notice
        if notice is None:
            yield "<dd>the first one was not run to its end</dd>"
            continue
        lines = [noticed.to_text(name_of(each, noticed)) for noticed in notice.first]
        left = notice.connections - len(lines)
        if lines and left:
            lines.append(f"and {counted(left, 'connection')} more")
        yield f"<dd>{_text(notice.to_text())}"
        yield from _list(lines)
        yield "</dd>"
    yield "</dl>"


def _list(lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield "<ul>"
        yield from (f"<li>{_text(line)}</li>" for line in lines)
        yield "</ul>"


def _table(found: Sequence[Compared], begin: int, end: int) -> Iterator[str]:
    """The columns from one on up to another."""
    yield '<div class="wide"><table>\n<thead>'
    for head, cells in head_of(found):
        columns = "".join(f"<th>{_text(cell)}</th>" for cell in cells[begin:end])
        yield f"<tr><th>{_text(head)}</th>{columns}</tr>"
    yield "</thead>\n<tbody>"
    for line in lines_of(found):
        columns = "".join(
            f'<td class="same">{_text(cell)}</td>' if n and same else f"<td>{_text(cell)}</td>"
            for n, cell, same in list(
                zip(range(len(found)), line.cells, line.is_same, strict=True)
            )[begin:end]
        )
        head = line.row.head
        below = ' class="below"' if head.startswith(" ") else ""
        yield f"<tr><th{below}>{_text(head.strip())}</th>{columns}</tr>"
    yield "</tbody>\n</table></div>"


def _figure(caption: str, plot: Plot) -> Iterator[str]:
    yield f"<figure><figcaption>{caption}</figcaption>"
    keys = "".join(f"<li>{key.svg}{_text(key.text)}</li>" for key in plot.keys)
    yield f'<ul class="keys">{keys}</ul>\n{plot.svg}</figure>'
