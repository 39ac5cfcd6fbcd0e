"""A comparison as one HTML page that needs nothing else: who would notice, plots, the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Final

from aclbench.lab.comparing import Compared
from aclbench.lab.plots import live_plot, overstay_plot, work_plot
from aclbench.lab.table import head_of, lines_of, notice_lines
from aclbench.visible import visible
from aclbench.words import counted

_HEAD: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 15px/1.45 sans-serif; color: #111; background: #fff; max-width: 60em;
  margin: 2em auto; padding: 0 1em; }}
h1 {{ font-size: 1.5em; }} h2 {{ font-size: 1.2em; margin-top: 2em; }} h3 {{ font-size: 1em; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .15em .8em; text-align: right; border-bottom: 1px solid #ddd; }}
th:first-child, td:first-child {{ text-align: left; white-space: pre; }}
pre {{ white-space: pre-wrap; font-size: .9em; background: #f6f6f6; padding: .7em; }}
.wide {{ overflow-x: auto; }} svg {{ max-width: 100%; height: auto; }}
@media print {{ body {{ max-width: none; margin: 0; font-size: 11px; }}
  figure, tr {{ break-inside: avoid; }} .wide {{ overflow: visible; }} }}
</style>
</head>
<body>
"""


def _text(words: str) -> str:
    """Text that anybody may have written."""
    return escape(visible(words))


def comparison_page(found: Sequence[Compared], denied: Sequence[str] = ()) -> str:
    """The page; its packets are those of one capture or scenario, or of several.

    `denied` are lines about the packets that one run denied.
    """
    titles = list(dict.fromkeys(each.case.packets_of for each in found))
    title = f"{', '.join(titles[:3])}{' ...' if len(titles) > 3 else ''}"
    lines = [_HEAD.format(title=_text(title)), f"<h1>{_text(title)}</h1>"]
    for _, group in groupby(found, key=lambda each: each.case.base):
        lines += _section(list(group))
    if denied:
        lines += ["<h2>Denied</h2>", f"<pre>{_text(chr(10).join(denied))}</pre>"]
    return "\n".join([*lines, "</body>", "</html>", ""])


def _section(found: list[Compared]) -> Iterator[str]:
    """Of the runs on the packets of one scenario."""
    first = found[0]
    packets = counted(first.ran.figures.packets, "packet")
    yield f"<h2>{_text(first.case.packets_of)}: {packets}</h2>"
    for note in dict.fromkeys(note for each in found for note in each.ran.notes):
        yield f"<p>{_text(note)}</p>"
    if len(found) > 1:
        yield "<h3>Who would notice</h3>"
        yield f"<pre>{_text(chr(10).join(notice_lines(found)))}</pre>"
    yield "<h3>Figures</h3>"
    yield from _table(found)
    for each in found:
        yield f"<h3>{_text(each.case.name)}</h3>"
        yield f"<figure>{live_plot(each)}</figure>"
        yield f"<figure>{work_plot(each)}</figure>"
    yield "<h3>Overstay: how long behind its expiry a session was deleted</h3>"
    yield f"<figure>{overstay_plot(found)}</figure>"


def _table(found: Sequence[Compared]) -> Iterator[str]:
    yield '<div class="wide"><table>'
    for head, cells in head_of(found):
        columns = "".join(f"<th>{_text(cell)}</th>" for cell in cells)
        yield f"<tr><th>{_text(head)}</th>{columns}</tr>"
    for line in lines_of(found):
        columns = "".join(
            f'<td class="same">{_text(cell)}</td>' if n and is_same else f"<td>{_text(cell)}</td>"
            for n, (cell, is_same) in enumerate(zip(line.cells, line.is_same, strict=True))
        )
        yield f"<tr><td>{_text(line.row.head)}</td>{columns}</tr>"
    yield "</table></div>"
