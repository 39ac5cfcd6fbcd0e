"""What a design overrides has its effect, or is refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from aclbench.engine.cleaner import Cleaner
from aclbench.engine.datapath import Datapath
from aclbench.engine.design import Design
from aclbench.engine.machine import Machine
from aclbench.engine.session import Classes


class Quiet:
    """A host that is never asked for anything."""

    def raise_interrupt(self, thread_index: int) -> None:
        raise AssertionError

    def interrupt_is_due_at(self, time: int) -> None:
        raise AssertionError

    def signal_cleaner(self, event: Any) -> None:
        raise AssertionError

    def memory_barrier(self) -> None:
        raise AssertionError


class OneWayHit(Datapath):
    """Straight through alone."""

    def hit(self, *args: Any) -> int:
        return super().hit(*args)


class BothWaysHit(OneWayHit):
    """Both ways."""

    def hit_steps(self, *args: Any) -> Any:
        return super().hit_steps(*args)


class ListedClass(Classes):
    """Not asked where a packet changes the flags."""

    def session_get_timeout_type(self, session: Any) -> int:
        return 0


class OwnState(Cleaner):
    """A field that the engine's own sets for each machine."""

    am: Any = None


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"cleaner": Classes}, "a Cleaner is one"),
        ({"datapath": OneWayHit}, "hit and hit_steps are one way"),
        ({"classes": ListedClass}, "override timeout_type_of"),
        ({"lists": ("a", "b", "c", "d")}, "a list without a class"),
    ],
)
def test_what_would_have_no_effect_is_refused(parts: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Design("tried", **parts)


def test_a_field_that_each_machine_sets_is_refused() -> None:
    with pytest.raises(ValueError, match=r"OwnState\.am would have no effect"):
        Machine(1, Quiet(), Design("tried", cleaner=OwnState))


def test_what_is_overridden_both_ways_is_taken() -> None:
    machine = Machine(1, Quiet(), Design("tried", datapath=BothWaysHit))
    assert isinstance(machine.datapath, BothWaysHit)
