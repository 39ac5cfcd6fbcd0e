"""What interfaces are called: `pg0`, which is made by its own command, and a real VPP's names.

A configuration of a real VPP names GigabitEthernet3/0/0, host-eth0, memif0/0, BondEthernet0.100,
loop0: hardware makes them there, and here whoever first brings one up or gives it an address. They
are then interfaces like pg0. As in VPP a name is compared as text, letter case and all.
"""

from __future__ import annotations

import re
from typing import Final

from aclbench.engine.main import AclMain

#: VPP's field has 64 bytes, the end of the text among them.
MAX_NAME_CHARACTERS: Final = 63
#: Of `create packet-generator interface`.
PACKET_GENERATOR: Final = re.compile(r"pg[0-9]{1,5}")
#: All others: as VPP names hardware, each with a number somewhere.
_REAL: Final = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z][A-Za-z0-9_./:@+-]*")
#: What is or looks like VPP's own: the number of a packet-generator interface, `local0`.
_NOT_REAL: Final = re.compile(r"(pg|local)[0-9].*", re.IGNORECASE)
REAL_EXAMPLES: Final = "GigabitEthernet3/0/0, host-eth0, memif0/0, BondEthernet0.100 or loop0"
#: Names that a message lists at most.
_LISTED: Final = 12


def is_real_name(name: str) -> bool:
    """Whether it is what a real VPP calls an interface that it did not make by a command."""
    return (
        len(name) <= MAX_NAME_CHARACTERS
        and _REAL.fullmatch(name) is not None
        and _NOT_REAL.fullmatch(name) is None
    )


def is_packet_generator(name: str) -> bool:
    """Whether it is a name for `create packet-generator interface`."""
    return PACKET_GENERATOR.fullmatch(name) is not None


def names_of(am: AclMain) -> list[str]:
    """The names that a command can give, in the order of sw_if_index."""
    return [i.name for i in am.interfaces if i is not None and not i.deleted]


def same_but_for_case(name: str, am: AclMain) -> str | None:
    """The interface whose name differs from this in capital letters alone."""
    return next((n for n in names_of(am) if n.lower() == name.lower() and n != name), None)


def no_interface(name: str, am: AclMain) -> str:
    """That there is none of this name; the one that was meant, perhaps, and all there are."""
    known = names_of(am)
    meant = same_but_for_case(name, am)
    if meant is None and not is_packet_generator(name):
        from difflib import get_close_matches

        meant = next(iter(get_close_matches(name[:64], known, n=1)), None)
    listed = ", ".join(known[:_LISTED]) + (", ..." if len(known) > _LISTED else "")
    parts = [f"there is no interface {name[:64]}"]
    if is_packet_generator(name):
        parts.append(f"create packet-generator interface {name} makes it")
    elif is_real_name(name):
        parts.append(f"set interface state {name} up makes it")
    parts.append(f"this bench has {listed}")
    return "; ".join(parts) + (f"; did you mean {meant}?" if meant else "")


def made_note(names: list[str]) -> str:
    """That interfaces with a real VPP's names were made here."""
    if len(names) == 1:
        return f"{names[0]} was made here: an interface that packets enter and leave as they do pg0"
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{listed} were made here: interfaces that packets enter and leave as they do pg0"


def real_names(am: AclMain) -> list[str]:
    """The interfaces that have a real VPP's names."""
    return [name for name in names_of(am) if is_real_name(name)]
