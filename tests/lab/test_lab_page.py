"""A comparison as one page that needs nothing else."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from lab.benches import compare

from aclbench.errors import AclbenchError
from aclbench.lab.page import comparison_page
from aclbench.lab.plots import check_plots
from aclbench.lab.table import lines_of


def test_the_page_has_who_would_notice_the_figures_and_plots(tmp_path: Path) -> None:
    found = compare(tmp_path, "full-table", "max-entries=24,8", most=2)
    page = comparison_page(found)
    assert page == comparison_page(found)
    assert found[1].notice is not None
    assert found[1].notice.to_text() in page
    table = re.sub(r' class="\w+"', "", page)
    for line in lines_of(found):
        row = "".join(f"<td>{cell}</td>" for cell in line.cells)
        assert f"<tr><td>{line.row.head}</td>{row}</tr>" in table
    assert page.count("<svg") == page.count("</svg>") == 2 * len(found) + 1
    assert "live sessions" in page
    assert "operations in 100 ms" in page
    # Namespaces aside it names no address, and loads nothing.
    outside = re.findall(r'(?:src|href)="(?!#)[^"]*"', page)
    assert outside == []


def test_what_anybody_may_have_written_is_text(tmp_path: Path) -> None:
    found = compare(tmp_path, "http")
    case = found[0].case._replace(packets_of="<script>\x1b[2J")
    page = comparison_page([found[0]._replace(case=case)])
    assert "<script" not in page
    assert "\x1b" not in page


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(AclbenchError, match=r"pip install 'aclbench\[report\]'"):
        check_plots()
