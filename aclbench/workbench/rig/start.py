"""How a rig begins: what it may be made of, and its driver."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from aclbench.designs import DEFAULT_DESIGN
from aclbench.drivers.frame import FRAME_SIZE
from aclbench.drivers.stepped import SteppedDriver
from aclbench.drivers.stepping import Order
from aclbench.drivers.threaded import ThreadedDriver
from aclbench.engine.design import Design
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


AnyDriver = SteppedDriver | ThreadedDriver


class Start(NamedTuple):
    """What a run begins with. `order` None is the usual one of the driver.

    `placement` says which thread handles a packet: that of its rx interface, or by flow hash.
    `driver` "stepped" runs in virtual time, where `order` ("fair", "random") and `seed` choose who
    goes next when several could. "threaded" runs on real threads, where `order` ("connection",
    "none") says which packets wait for each other, and `speed` how many times as fast as the wall's
    the clock is (None: led by the capture). `design` is how sessions are aged.
    """

    workers: int = 1
    placement: Placement = "interface"
    order: AnyOrder | None = None
    seed: int = 0
    frame_size: int = FRAME_SIZE
    driver: DriverKind = "stepped"
    speed: float | None = None
    design: Design = DEFAULT_DESIGN


def make_driver(start: Start) -> AnyDriver:
    """A driver with a new machine. AclbenchError: none can be made like that."""
    _check(start)
    if start.driver == "threaded":
        by_connection = start.order in (None, "connection")
        driver: AnyDriver = ThreadedDriver(start.workers, start.speed, by_connection, start.design)
    else:
        order: Order = "random" if start.order == "random" else "fair"
        driver = SteppedDriver(start.workers, order, start.seed, start.design)
    driver.machine.am.flow_placement = start.placement == "flow"
    return driver


def _check(start: Start) -> None:
    workers, driver, order, speed = start.workers, start.driver, start.order, start.speed
    if type(workers) is not int or not 0 <= workers <= MAX_WORKERS:
        raise AclbenchError(f"workers: {workers!r}; a number from 0 to {MAX_WORKERS} is right")
    if start.placement not in PLACEMENTS:
        raise AclbenchError(f'placement: {start.placement!r}; "interface" or "flow" is right')
    if driver not in ORDERS:
        raise AclbenchError(f'driver: {driver!r}; "stepped" or "threaded" is right')
    if order not in (None, *ORDERS[driver]) or type(start.seed) is not int:
        right = " or ".join(f'"{name}"' for name in ORDERS[driver])
        raise AclbenchError(f"order {order!r}, seed {start.seed!r}; {right} and a number")
    if type(start.frame_size) is not int or start.frame_size < 1:
        raise AclbenchError(f"frame_size: {start.frame_size!r}; at least 1 is right")
    if speed is not None and driver == "stepped":
        raise AclbenchError(f'speed: {speed!r}; only a driver="threaded" bench has one')
