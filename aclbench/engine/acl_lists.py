"""The ACL lists of an interface, one for input and one for output, and what changing them does.

Source: `acl_interface_add_del_inout_acl` in VPP's acl plugin, and `acl_fa_enable_disable`.
"""

from __future__ import annotations

from mypy_extensions import mypyc_attr

from aclbench.engine.main import AclMain, Interface
from aclbench.engine.session import POLICY_EPOCH_IS_INPUT, POLICY_EPOCH_MASK
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
        self.count_policy_epoch(interface, is_input)
        self.note_lookup_context(interface.sw_if_index, is_input, acl_indices)
        if had and not (interface.input_acls or interface.output_acls):
            self.am.host.signal_cleaner(CleanerEvent(interface.sw_if_index))

    def without(self, applied: tuple[int, ...], acl_index: int) -> tuple[int, ...]:
        """A list with one ACL taken off: the others keep their order."""
        return tuple([other for other in applied if other != acl_index])

    def count_policy_epoch(self, interface: Interface, is_input: bool) -> None:
        """One direction's rules or list have changed; 15 bits count, as in VPP."""
        if is_input:
            epoch = interface.input_policy_epoch + 1 & POLICY_EPOCH_MASK
            interface.input_policy_epoch = epoch | POLICY_EPOCH_IS_INPUT
        else:
            interface.output_policy_epoch = interface.output_policy_epoch + 1 & POLICY_EPOCH_MASK

    def take_off(self, interface: Interface) -> None:
        """The interface is being deleted, and cleared with that."""
        interface.input_acls = interface.output_acls = ()
        self.note_lookup_context(interface.sw_if_index, True, ())
        self.note_lookup_context(interface.sw_if_index, False, ())

    def note_lookup_context(
        self, sw_if_index: int, is_input: bool, acl_indices: tuple[int, ...]
    ) -> None:
        """Keep VPP's numbering of lookup contexts, which its `show` and trace lines print."""
        shown, side = self.am.shown, (sw_if_index, is_input)
        highest = max(acl_indices, default=-1) + 1
        shown.acl_vec_len[is_input] = max(shown.acl_vec_len[is_input], highest)
        if acl_indices:
            shown.acl_interface_vec_len = max(shown.acl_interface_vec_len, sw_if_index + 1)
        contexts, free = shown.lookup_contexts, shown.free_lookup_contexts
        if side in contexts:
            context = contexts.index(side)
        elif not acl_indices:
            return
        elif free:
            context = free.pop()
            contexts[context] = side
        else:
            context = len(contexts)
            contexts.append(side)
        self._note_context_of_acls(context, acl_indices)
        if not acl_indices:
            contexts[context] = None
            free.append(context)

    def _note_context_of_acls(self, context: int, acl_indices: tuple[int, ...]) -> None:
        """Which ACLs a context has now: taken out of all lists, then put at the end of theirs.

        What is taken out of a vector of VPP's has the last one put in its place.
        """
        of_acl = self.am.shown.contexts_of_acl
        for acl_index, there in list(of_acl.items()):
            if context in there:
                others = list(there)
                last = others.pop()
                if last != context:
                    others[others.index(context)] = last
                of_acl[acl_index] = tuple(others)
        for acl_index in acl_indices:
            of_acl[acl_index] = (*of_acl.get(acl_index, ()), context)
