"""A design of aging, as a value: the parts that a machine of it is made of, and their names.

`FIFO_2017` is the machine of the 2017 document, and this package's own. Another design is the same
value with other parts in it: subclasses of the engine's. They run interpreted where the machine is
compiled, and take effect all the same. A part that would have no effect is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from types import GetSetDescriptorType
from typing import Any, Final

from aclbench.engine.acl_lists import AclLists
from aclbench.engine.cleaner import Cleaner
from aclbench.engine.datapath import Datapath
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.main import AclMain
from aclbench.engine.matching import Matching, RuleCheck
from aclbench.engine.packet import Parse
from aclbench.engine.places import Beside, SessionPlace, WorkCount
from aclbench.engine.session import Classes
from aclbench.engine.sessions import Sessions
from aclbench.engine.steps import STEP_TABLE, STEPS, Step
from aclbench.engine.table import InTable
from aclbench.engine.timeouts import TIMEOUT_CLASSES, TIMEOUT_NAMES, TimeoutClass
from aclbench.engine.worker import Worker


def _shortest_timeout(am: AclMain, number: int) -> int:
    return am.shortest_timeout


def own_timeout(am: AclMain, number: int) -> int:
    """The timeout of a class, or of a list's (ns)."""
    return am.session_timeout[number]


@dataclass(frozen=True, slots=True)
class Look:
    """When a design looks at a listed session, for who tells of it. Lengths are nanoseconds.

    `{}` in words stands for the length before them.
    """

    #: What lies between linking and looking, by list: what that is, and a sentence's end.
    period: Callable[[AclMain, int], int] = _shortest_timeout
    what: str = "the shortest of the three timeouts: what lies between linking and looking"
    when: str = "the shortest timeout, {}, after it was linked, and a nanosecond"
    #: What becomes of a session whose class a thread changed that may not relink it.
    left_to_owner: str = "left for its recheck"
    #: What becomes of a deleted session, where its slot is not free at once.
    when_deleted: str = ""
    #: How long a session may outlive its timeout, by class, if no more than that is due and but for
    #: the cleaner's wait; and how that comes.
    overstay: Callable[[AclMain, int], int] = _shortest_timeout
    why_late: str = "put back just before it expires, it is looked at after another {}"
    #: One interrupt takes all that is due, wherever on its list; else up to a quantum, heads first.
    takes_all: bool = False


#: `fa_session_t` without what it reserves: the 5-tuple and its own number 48 bytes, time of the
#: last packet 8, interface 4, flags 2, thread 2, links and enqueue time 17; and its one entry in
#: the table, a key of 40 bytes and its value (`clib_bihash_kv_40_8_t`).
STRUCT_BYTES: Final = 81
SESSION_BYTES: Final = STRUCT_BYTES + 48


@dataclass(frozen=True, slots=True)
class Design:
    """A way to age sessions. ValueError: one of its parts would have no effect."""

    name: str
    #: What it is, in a sentence or three, and where that is written down.
    about: str = ""
    source: str = ""
    #: The classes of sessions, and the lists of a worker by name, both in order of their numbers.
    timeout_classes: tuple[TimeoutClass, ...] = TIMEOUT_CLASSES
    lists: tuple[str, ...] = TIMEOUT_NAMES
    places: tuple[SessionPlace, ...] = ()
    #: Whether the table of its interface has a live session; None: each, as the engine's own.
    in_table: InTable | None = None
    #: Further integers that each slot of a pool has (`Worker.columns`): 0 when it is taken.
    columns: tuple[str, ...] = ()
    #: What each worker keeps beside, by name (`Worker.numbers`): lists of integers, empty until a
    #: part fills them as it is made. They are packed and taken back with the rest.
    numbers: tuple[str, ...] = ()
    #: What is shown of those, a line each; what it costs does not grow with the sessions.
    beside: Callable[[Worker], tuple[Beside, ...]] | None = None
    #: What its parts do beside the lists of the engine, counted: for comparing designs.
    work: tuple[WorkCount, ...] = ()

    #: When it looks at sessions, as stories tell it.
    look: Look = Look()

    #: Reads a frame, by the extension headers that are skipped; None: as `engine.packet` does.
    #: With one the scalar reader takes all packets.
    parse: Parse | None = None
    classes: type[Classes] = Classes
    rule_check: type[RuleCheck] = RuleCheck
    matching: type[Matching] = Matching
    sessions: type[Sessions] = Sessions
    datapath: type[Datapath] = Datapath
    idle_check: type[IdleCheck] = IdleCheck
    cleaner: type[Cleaner] = Cleaner
    acl_lists: type[AclLists] = AclLists

    #: What always holds beside the engine's own: given whether all is at rest, the problems.
    invariants: Callable[[AclMain, bool], list[str]] | None = None
    #: The named steps of its parts. The number changes with them: run files count steps.
    steps: tuple[Step, ...] = STEPS
    step_table: int = STEP_TABLE

    #: What one session takes in C, its entries in lookup tables among it.
    session_bytes: int = SESSION_BYTES

    def __post_init__(self) -> None:
        for name, own in PARTS.items():
            part = getattr(self, name)
            if not (isinstance(part, type) and issubclass(part, own)):
                raise ValueError(f"design {self.name}: {name} is {part!r}; a {own.__name__} is one")
        self._refuse_half_overridden()
        if len(self.lists) > len(self.timeout_classes):
            raise ValueError(f"design {self.name}: a list without a class has no timeout")
        if len({step.label for step in self.steps}) != len(self.steps):
            raise ValueError(f"design {self.name}: two steps have one name")

    def _refuse_half_overridden(self) -> None:
        """ValueError: a part overrides what is asked on one of several ways alone."""
        if _overrides(self.classes, Classes, "session_get_timeout_type"):
            raise ValueError(
                f"design {self.name}: session_get_timeout_type has no effect where a packet "
                "changes the flags; override timeout_type_of"
            )
        for straight, by_steps in _TWO_WAYS:
            if _overrides(self.datapath, Datapath, straight) != _overrides(
                self.datapath, Datapath, by_steps
            ):
                raise ValueError(
                    f"design {self.name}: {straight} and {by_steps} are one way of a packet, run "
                    "straight and by steps; override both, or a step that both call"
                )


#: What a packet goes through straight, and the same by steps.
_TWO_WAYS: Final = (
    ("process_packet", "packet_steps"),
    ("acl_node", "acl_node_steps"),
    ("hit", "hit_steps"),
)


def _overrides(part: type[Any], own: type[Any], name: str) -> bool:
    """Whether a part has a method of its own instead of the engine's."""
    return any(name in vars(kind) for kind in part.__mro__[: part.__mro__.index(own)])


#: The parts that are classes, and what each must be a subclass of.
PARTS: Final[dict[str, type[Any]]] = {
    field.name: field.default for field in fields(Design) if isinstance(field.default, type)
}


def refuse_ineffective(design: Design, name: str, part: object) -> None:
    """ValueError if a part sets on its class a field that the machine reads from the object.

    Methods take effect. A field is set when the object is made, so one on the class is ignored.
    """
    own = PARTS[name]
    if type(part) is own:  # asked for its dict, an object's attributes would be slow from then on
        return
    there = {n for n, v in vars(own).items() if isinstance(v, GetSetDescriptorType)}
    there |= set(getattr(part, "__dict__", ()))
    for kind in type(part).__mro__[: type(part).__mro__.index(own)]:
        for field in there & set(vars(kind)):
            raise ValueError(
                f"design {design.name}: {kind.__name__}.{field} would have no effect, since "
                f"{own.__name__} sets it for each machine; set it in __init__"
            )


#: The machine of the 2017 document.
FIFO_2017: Final = Design(
    "fifo-2017",
    about="Each worker keeps its sessions on FIFO lists, one for each class. A packet writes a "
    "timestamp alone. The cleaner sends interrupts, and the worker looks at the heads of its "
    "lists: every session after the shortest timeout, to delete it or append it again.",
    source="the design document of VPP's acl plugin on several cores, 2017",
)
