"""An exhibit in one file: a cleaner whose tally does nothing, so its interval never adapts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from designs.running import Run, all_ways

from aclbench.engine.cleaner import Cleaner
from aclbench.engine.design import FIFO_2017


class NeverAdapts(Cleaner):
    """What workers say is not heard."""

    def tally(self, now: int) -> None:
        """Nothing."""


DESIGN = replace(FIFO_2017, name="never-adapts", cleaner=NeverAdapts)


@pytest.mark.parametrize("run", all_ways(DESIGN, needs_haste=True))
def test_the_interval_stays(run: Run) -> None:
    """However it is run, and though workers ask for more interrupts."""
    assert run()["wait changes"] == 0


@pytest.mark.parametrize("run", all_ways(FIFO_2017, needs_haste=True))
def test_the_documents_adapts(run: Run) -> None:
    """It is halved as long as there is more to do than a quantum."""
    assert run()["wait changes"] > 0
