"""Reads and writes the fields of the engine's objects by name, whether it is compiled or not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import GetSetDescriptorType
from typing import Any


def field_names(thing: object) -> tuple[str, ...]:
    """The fields of an object of the engine, in the order in which it sets them.

    Interpreted, an object keeps them in a dict; compiled, they are descriptors of its class and of
    those that it is made of.
    """
    if hasattr(thing, "__dict__"):
        return tuple(vars(thing))
    return tuple(
        name
        for kind in type(thing).__mro__[:-1]  # `object` has `__class__`
        for name, value in vars(kind).items()
        if isinstance(value, GetSetDescriptorType)
    )


def fields_of(thing: object, apart: Collection[str] = ()) -> dict[str, Any]:
    """Fields by name, but for those `apart`."""
    return {name: getattr(thing, name) for name in field_names(thing) if name not in apart}


def set_fields(thing: object, fields: Mapping[str, Any]) -> None:
    """Write fields by name."""
    for name, value in fields.items():
        setattr(thing, name, value)
