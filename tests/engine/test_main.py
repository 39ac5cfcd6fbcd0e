"""What all threads share: interfaces by name."""

from __future__ import annotations

from counting import Name
from engine.bench import Hand


def test_an_interface_is_found_without_a_look_at_the_others() -> None:
    """A scenario of thousands names each of them several times."""
    machine = Hand(interfaces=0).machine
    for number in range(200):
        machine.create_interface(Name(f"pg{number}"))
    before = Name.looks
    for number in (0, 100, 199):
        found = machine.am.interface_named(Name(f"pg{number}"))
        assert found is not None
        assert found.sw_if_index == 1 + number
    assert machine.am.interface_named(Name("pg200")) is None
    assert Name.looks - before < 20
