"""The designs of aging that there are, and the one that this bench has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from aclbench.designs import DESIGNS, design_named
from aclbench.engine.design import FIFO_2017, PARTS, Design
from aclbench.errors import AclbenchError
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.types import rig_of
from aclbench.workbench.grammar import (
    ArgumentError,
    ArgumentType,
    Candidate,
    Command,
    ParsedCommand,
)


def _parse_design(text: str, context: Any) -> Design:
    try:
        return design_named(text)
    except AclbenchError as error:
        raise ArgumentError(str(error)) from None


def _complete_design(prefix: str, context: Any) -> Iterable[Candidate]:
    return [Candidate(name, design.source) for name, design in DESIGNS.items()]


DESIGN: Final = ArgumentType("design", "a way to age sessions", _parse_design, _complete_design)


def show_design(bench: Bench, parsed: ParsedCommand) -> str:
    """What the bench's design, or the one named, is and is made of; and which others there are."""
    own = rig_of(bench).machine.design
    design: Design = parsed.arguments.get("design", own)
    others = ", ".join(name for name in DESIGNS if name != design.name)
    lines = list(_lines_of(design))
    if design.name == own.name:
        lines[0] += " (this bench's)"
    if others:
        lines.append(f"others: {others} (show design NAME)")
    return "\n".join(lines)


def _lines_of(design: Design) -> Iterator[str]:
    yield f"design {design.name}"
    if design.about:
        yield design.about
    if design.source:
        yield f"source: {design.source}"
    yield "classes: " + ", ".join(each.name for each in design.timeout_classes)
    yield "lists of a worker: " + ", ".join(design.lists)
    for place in design.places:
        yield f"place of sessions: {place.name}, {place.what}"
    if design.columns:
        yield "integers that a session has besides: " + ", ".join(design.columns)
    if parts := _own_parts(design):
        yield "parts of its own: " + ", ".join(parts)
    if steps := _own_steps(design):
        yield "steps of its own: " + ", ".join(steps)


def _own_parts(design: Design) -> list[str]:
    """The parts that are not the engine's."""
    return [name.replace("_", " ") for name, own in PARTS.items() if getattr(design, name) != own]


def _own_steps(design: Design) -> list[str]:
    return [step.label for step in design.steps if step not in FIFO_2017.steps]


def show_design_data(bench: Bench, parsed: ParsedCommand) -> dict[str, Any]:
    """The same as plain values."""
    design: Design = parsed.arguments.get("design", rig_of(bench).machine.design)
    return {
        "name": design.name,
        "about": design.about,
        "source": design.source,
        "classes": [each.name for each in design.timeout_classes],
        "lists": list(design.lists),
        "places": [place.name for place in design.places],
        "columns": list(design.columns),
        "parts": _own_parts(design),
        "steps": _own_steps(design),
        "designs": list(DESIGNS),
    }


GROUP: Final = "looking"
TYPES: Final = (DESIGN,)
COMMANDS: Final = (
    Command(
        "show design [<design>]",
        show_design,
        "how this bench ages its sessions, or what another design is",
        'A scenario has design = "NAME"; aclbench has --design NAME.',
        GROUP,
        changes=False,
        data=show_design_data,
    ),
)
