"""How a bench begins: what it may be made of, and its driver."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.errors import AclbenchError
from aclbench.workbench.rig.scenario import MAX_WORKERS, PLACEMENTS, Placement

DriverKind = Literal["stepped", "threaded"]
AnyOrder = Literal["fair", "random", "connection", "none"]
#: For each driver the orders that it knows, the usual one first.
ORDERS: Final[dict[str, tuple[AnyOrder, ...]]] = {
    "stepped": ("fair", "random"),
    "threaded": ("connection", "none"),
}
WHY_NOT_ON_THREADS: Final = (
    "this bench runs on real threads, where the operating system chooses who goes next: it cannot "
    'be stepped or taken back. The same thing without --threads (in Python: driver="stepped") can'
)


class Start(NamedTuple):
    """How a bench was made: what a run begins with."""

    workers: int
    placement: Placement
    order: AnyOrder
    seed: int
    frame_size: int


def begin(
    workers: int,
    placement: Placement,
    order: AnyOrder | None,
    seed: int,
    frame_size: int,
    driver: DriverKind,
    speed: float | None,
) -> tuple[Start, SteppedDriver | ThreadedDriver]:
    """A driver with a new machine, and how it was made. AclbenchError: that is not possible."""
    if type(workers) is not int or not 0 <= workers <= MAX_WORKERS:
        raise AclbenchError(f"workers: {workers!r}; a number from 0 to {MAX_WORKERS} is right")
    if placement not in PLACEMENTS:
        raise AclbenchError(f'placement: {placement!r}; "interface" or "flow" is right')
    if driver not in ORDERS:
        raise AclbenchError(f'driver: {driver!r}; "stepped" or "threaded" is right')
    if order is None:
        order = ORDERS[driver][0]
    if order not in ORDERS[driver] or type(seed) is not int:
        right = " or ".join(f'"{name}"' for name in ORDERS[driver])
        raise AclbenchError(f"order {order!r}, seed {seed!r}; {right} and a number")
    if type(frame_size) is not int or frame_size < 1:
        raise AclbenchError(f"frame_size: {frame_size!r}; at least 1 is right")
    if speed is not None and driver == "stepped":
        raise AclbenchError(f'speed: {speed!r}; only a driver="threaded" bench has one')
    if driver == "threaded":
        made: SteppedDriver | ThreadedDriver = ThreadedDriver(
            workers, speed, by_connection=order == "connection"
        )
    else:
        made = SteppedDriver(workers, "random" if order == "random" else "fair", seed)
    return Start(workers, placement, order, seed, frame_size), made
