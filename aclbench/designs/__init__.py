"""The designs there are, by name: what a scenario, a run file or a person asks for.

A design is a file of this package with a `Design` in it, and a line in `_FILES`. It is loaded once
somebody asks for it. The engine's own, `fifo-2017`, is the document's. Those of `exhibits/`, with a
fault put back, go by their exhibit's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from aclbench.engine.design import FIFO_2017, Design
from aclbench.errors import AclbenchError, did_you_mean

#: What ages sessions where nothing else is asked for.
DEFAULT_DESIGN: Final = FIFO_2017
#: The file of each other design. In it the design is called by the same name in capitals.
_FILES: Final[dict[str, str]] = {
    "wheel": "wheel",
    "wheel-lazy": "wheel_lazy",
    "rings": "rings",
    "two-stage": "two_stage",
    "serviced-refresh": "serviced_refresh",
    "cleaner-1704": "cleaner_1704",
    "vpp-26.10": "vpp_26_10",
}


class _Designs(Mapping[str, Design]):
    """All designs by name, the default one first."""

    def __getitem__(self, name: str) -> Design:
        if name == DEFAULT_DESIGN.name:
            return DEFAULT_DESIGN
        file = _FILES[name]
        design: Design = getattr(import_module(f"{__name__}.{file}"), file.upper())
        return design

    def __contains__(self, name: object) -> bool:
        return name == DEFAULT_DESIGN.name or name in _FILES

    def __iter__(self) -> Iterator[str]:
        yield DEFAULT_DESIGN.name
        yield from _FILES

    def __len__(self) -> int:
        return 1 + len(_FILES)


DESIGNS: Final[Mapping[str, Design]] = _Designs()


def design_named(name: object) -> Design:
    """The design of that name, or an exhibit's. AclbenchError: there is none; it says which are."""
    found = DESIGNS.get(name) if isinstance(name, str) else None
    if found is None and isinstance(name, str):
        from aclbench.designs.exhibits import design_of_exhibit

        found = design_of_exhibit(name)
    if found is None:
        raise AclbenchError(f"there is no design {name!r}; {did_you_mean(str(name), DESIGNS)}")
    return found
