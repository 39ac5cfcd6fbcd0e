"""The ACL lists of an interface, one for input and one for output, and what changing them does.

Source: `acl_interface_add_del_inout_acl` in VPP's acl plugin, and `acl_fa_enable_disable`.
"""

from __future__ import annotations

from mypy_extensions import mypyc_attr

from aclbench.engine.main import AclMain, Interface
from aclbench.engine.steps import CleanerEvent


@mypyc_attr(allow_interpreted_subclasses=True)
class AclLists:
    """Changes the ACL lists of interfaces. A design may replace this part."""

    def __init__(self, am: AclMain) -> None:
        self.am: AclMain = am

    def set_interface_acls(
        self, interface: Interface, is_input: bool, acl_indices: tuple[int, ...]
    ) -> None:
        """Replace one side's list of ACLs; with the last one gone, the interface is cleared."""
        had = bool(interface.input_acls or interface.output_acls)
        if is_input:
            interface.input_acls = acl_indices
        else:
            interface.output_acls = acl_indices
        self.note_lookup_context(interface.sw_if_index, is_input, acl_indices)
        if had and not (interface.input_acls or interface.output_acls):
            self.am.host.signal_cleaner(CleanerEvent(interface.sw_if_index))

    def take_off(self, interface: Interface) -> None:
        """The interface is being deleted, and cleared with that."""
        interface.input_acls = interface.output_acls = ()
        self.note_lookup_context(interface.sw_if_index, True, ())
        self.note_lookup_context(interface.sw_if_index, False, ())

    def note_lookup_context(
        self, sw_if_index: int, is_input: bool, acl_indices: tuple[int, ...]
    ) -> None:
        """Keep VPP's numbering of lookup contexts, which its `show` and trace lines print."""
        contexts, side = self.am.lookup_contexts, (sw_if_index, is_input)
        highest = max(acl_indices, default=-1) + 1
        self.am.acl_vec_len[is_input] = max(self.am.acl_vec_len[is_input], highest)
        if acl_indices:
            self.am.acl_interface_vec_len = max(self.am.acl_interface_vec_len, sw_if_index + 1)
        if not acl_indices and side in contexts:
            contexts[contexts.index(side)] = None
        elif acl_indices and side not in contexts:
            if None in contexts:
                contexts[contexts.index(None)] = side
            else:
                contexts.append(side)
