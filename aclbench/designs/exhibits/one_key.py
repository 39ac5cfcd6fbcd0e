"""Two workers enter one key."""

from __future__ import annotations

from dataclasses import replace

from aclbench.designs.exhibit import Exhibit, Searched
from aclbench.engine.design import FIFO_2017
from aclbench.engine.main import Interface
from aclbench.engine.pool import Session
from aclbench.engine.sessions import Sessions


class EntersOverAnother(Sessions):
    """Who found no session makes one, whatever was entered since."""

    def enter_table(self, interface: Interface, session: Session) -> Session:
        """Enter a session, in the place of another's entry."""
        interface.sessions.put(session)
        return session

    def leave_table(self, session: Session) -> None:
        """Take out what is there under its key."""
        self.am.interface(session.sw_if_index).sessions.take(session.key)


EXHIBIT = Exhibit(
    name="one-key",
    title="two workers make a session each for one connection",
    believed="A packet finds no session, so there is none, and it makes one.",
    happened="The other direction's packet is handled by another worker at the same time, and "
    "finds none either. Both make a session under the same key, and one entry leads to one of "
    "them. When the first of the two expires it takes that entry along, and the connection has "
    "none.",
    found="Read in the code of 2017, where nothing looks at the key again before it is entered.",
    design=replace(FIFO_2017, name="one-key", sessions=EntersOverAnother),
    fixed=FIFO_2017,
    scenario="""
workers = 2
setup = '''
set acl-plugin acl permit+reflect
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg0 output acl 0
'''
jumps = 0
[[interface]]
name = "pg0"
addresses = ["10.0.0.1/24"]
prefixes = ["10.0.0.0/24"]
[[interface]]
name = "pg1"
[[send]]
packets = "pg0 udp 10.0.0.2:1000 > 192.168.0.2:53"
[[send]]
packets = "pg1 udp 192.168.0.2:53 > 10.0.0.2:1000"
""",
    shown_by=Searched("invariant"),
)
