"""A comparison as one page that needs nothing else."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from lab.benches import compare

from aclbench.errors import AclbenchError
from aclbench.lab.comparing import Compared
from aclbench.lab.figures import Series
from aclbench.lab.page import MOST_COLUMNS, comparison_page
from aclbench.lab.plots import MOST_LINES, check_plots, corners, overstay_plot
from aclbench.lab.table import lines_of


class Outside(HTMLParser):
    """What a page names that is not in it, and what runs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            leads = name.removeprefix("xlink:") in ("src", "href", "action", "data", "srcset")
            if (leads and not (value or "").startswith("#")) or name.startswith("on"):
                self.found.append(f"{tag} {name}={value}")
        if tag in ("script", "iframe", "object", "link", "img", "foreignobject"):
            self.found.append(tag)


def outside(page: str) -> list[str]:
    parser = Outside()
    parser.feed(page)
    parser.close()
    return parser.found + re.findall(r"url\((?!#)[^)]*\)|@import", page)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Compared]:
    folder = tmp_path_factory.mktemp("page")
    return compare(folder, "full-table", "max-entries=24,8", most=2)


def named(each: Compared, name: str) -> Compared:
    """The same with a value that somebody else chose."""
    combination = each.case.combination._replace(values=(("exec", name),))
    return each._replace(case=each.case._replace(combination=combination, packets_of=name))


def test_the_page_has_who_would_notice_the_figures_and_plots(found: list[Compared]) -> None:
    page = comparison_page(found)
    assert page == comparison_page(found)
    assert found[1].notice is not None
    assert found[1].notice.to_text() in page
    table = re.sub(r' class="\w+"', "", page)
    for line in lines_of(found):
        row = "".join(f"<td>{cell}</td>" for cell in line.cells)
        assert f"<tr><th>{line.row.head.strip()}</th>{row}</tr>" in table
    assert page.count("<figure>") == 2 * len(found) + 1
    for words in ("live sessions", "operations in 100 ms", "seconds from the start", "tcp_idle"):
        assert words in page
    assert outside(page) == []


def test_what_is_as_on_the_first_is_grey(found: list[Compared]) -> None:
    page = comparison_page([found[0], found[0]])
    for line in lines_of(found[:1]):
        grey = 'class="same"' if line.row.is_exact else "td"
        assert f"<td>{line.cells[0]}</td><{'td ' if grey != 'td' else ''}{grey}>" in page


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "a\x1b[2J\u202e", "$\\frac{$", '"><img onerror=x>', "_日本"],
)
@pytest.mark.filterwarnings("error")
def test_what_anybody_may_have_written_is_text(found: list[Compared], name: str) -> None:
    page = comparison_page([named(each, name) for each in found], [name])
    assert outside(page) == []
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", page)
    assert page.count("</html>") == 1


def test_many_columns_are_several_tables_and_lines_that_differ(found: list[Compared]) -> None:
    many = [named(found[0], f"file{n}") for n in range(MOST_COLUMNS + 1)]
    page = comparison_page(many)
    assert page.count("<table>") == 2
    assert "A4 landscape" in page
    aged = replace(found[0].ran.figures.overstay, sessions=1, bins=(1, *(0,) * 12))
    ran = found[0].ran._replace(figures=replace(found[0].ran.figures, overstay=aged))
    lines = [named(found[0], f"file{n}")._replace(ran=ran) for n in range(MOST_LINES + 3)]
    keys = overstay_plot(lines).keys
    assert len(keys) == len({key.svg for key in keys}) == MOST_LINES


def test_a_line_of_work_is_down_where_nothing_was_done() -> None:
    """Between two intervals that have work there is none, however far apart they are."""
    series = Series((0.5, 1.0, 9.0), {}, (5, 6, 7), (0, 0, 0))
    assert list(corners(series, series.datapath)) == [
        *((0.0, 5), (0.5, 5), (0.5, 6), (1.0, 6)),
        *((1.0, 0), (8.5, 0), (8.5, 7), (9.0, 7), (9.0, 0)),
    ]


def test_a_run_in_which_nothing_happened_has_a_page(found: list[Compared]) -> None:
    empty = Series((), {"udp_idle": ()}, (), ())
    figures = replace(found[0].ran.figures, series=empty, virtual_s=0.0, peak=0)
    assert "<svg" in comparison_page(
        [found[0]._replace(ran=found[0].ran._replace(figures=figures))]
    )


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(AclbenchError, match=r"pip install 'aclbench\[report\]'"):
        check_plots()
