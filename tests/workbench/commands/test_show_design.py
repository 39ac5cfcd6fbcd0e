"""`show design`: what ages the sessions of a bench."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aclbench import CommandError, Workbench
from aclbench.designs import DESIGNS
from aclbench.engine.design import FIFO_2017
from aclbench.engine.sessions import Sessions


class Other(Sessions):
    """As the engine's."""


OTHER = replace(FIFO_2017, name="other", about="Ages as ever.", sessions=Other)


def test_it_is_this_benchs_unless_one_is_named() -> None:
    bench = Workbench(design=OTHER)
    shown = bench.cli("show design")
    assert shown.startswith("design other (this bench's)\nAges as ever.\n")
    assert "parts of its own: sessions" in shown
    named = bench.cli("show design fifo-2017")
    assert named.startswith("design fifo-2017\n")
    assert FIFO_2017.source in named
    assert "parts of its own" not in named


def test_as_data() -> None:
    found = Workbench().cli_data("show design")
    assert found["name"] == "fifo-2017"
    assert found["lists"] == ["udp_idle", "tcp_idle", "tcp_transient"]
    assert found["designs"] == list(DESIGNS)


def test_one_that_is_not_there_is_refused() -> None:
    with pytest.raises(CommandError, match="no design 'fifo-2071'; did you mean fifo-2017"):
        Workbench().cli("show design fifo-2071")


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_each_says_what_it_is_and_where_from(design: object) -> None:
    shown = Workbench().cli_data(f"show design {design.name}")
    assert shown["about"].endswith(".")
    assert shown["source"]
