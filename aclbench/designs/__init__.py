"""The designs there are, by name: what a scenario, a run file or a person asks for.

A design is a file of this package with a `Design` in it, and a line in `DESIGNS`. The engine's own,
`fifo-2017`, is the document's. Those of `exhibits/`, with a fault put back, go by
their exhibit's name.
"""

from __future__ import annotations

from typing import Final

from aclbench.designs.cleaner_1704 import CLEANER_1704
from aclbench.designs.exhibits import design_of_exhibit
from aclbench.designs.rings import RINGS
from aclbench.designs.serviced_refresh import SERVICED_REFRESH
from aclbench.designs.two_stage import TWO_STAGE
from aclbench.designs.vpp_26_10 import VPP_26_10
from aclbench.designs.wheel import WHEEL
from aclbench.designs.wheel_lazy import WHEEL_LAZY
from aclbench.engine.design import FIFO_2017, Design
from aclbench.errors import AclbenchError, did_you_mean

#: What ages sessions where nothing else is asked for.
DEFAULT_DESIGN: Final = FIFO_2017
DESIGNS: Final[dict[str, Design]] = {
    design.name: design
    for design in (
        DEFAULT_DESIGN,
        WHEEL,
        WHEEL_LAZY,
        RINGS,
        TWO_STAGE,
        SERVICED_REFRESH,
        CLEANER_1704,
        VPP_26_10,
    )
}


def design_named(name: object) -> Design:
    """The design of that name, or an exhibit's. AclbenchError: there is none; it says which are."""
    found = None
    if isinstance(name, str):
        found = DESIGNS.get(name) or design_of_exhibit(name)
    if found is None:
        raise AclbenchError(f"there is no design {name!r}; {did_you_mean(str(name), DESIGNS)}")
    return found
