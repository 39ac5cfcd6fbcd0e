"""The machine: its state, its parts, and how it is configured.

Everything a command changes goes through here. Methods are called on thread 0, as VPP's are, and
say what is wrong with a `ValueError`; the command table says it to the person.
"""

from __future__ import annotations

from aclbench.engine.acl import Acl, AclRule
from aclbench.engine.acl_lists import AclLists
from aclbench.engine.cleaner import Cleaner
from aclbench.engine.datapath import Datapath
from aclbench.engine.design import FIFO_2017, PARTS, Design, refuse_ineffective
from aclbench.engine.fib import FIB_FOR_US, FibEntry, Prefix, Source, interface_entries
from aclbench.engine.idle_check import IdleCheck
from aclbench.engine.main import AclMain, Host, Interface
from aclbench.engine.matching import Matching, RuleCheck
from aclbench.engine.packet import address_text
from aclbench.engine.session import Classes
from aclbench.engine.sessions import Sessions
from aclbench.engine.steps import CLEAR_ALL, CleanerEvent
from aclbench.engine.timeouts import NS_PER_SEC
from aclbench.engine.worker import InterfaceCounters, Worker


class Machine:
    """A bench: `n_workers` worker threads beside thread 0, or none."""

    def __init__(self, n_workers: int, host: Host, design: Design = FIFO_2017) -> None:
        self.design: Design = design
        n_lists, n_columns, n_numbers = map(len, (design.lists, design.columns, design.numbers))
        workers = [Worker(t, n_lists, n_columns, n_numbers) for t in range(n_workers + 1)]
        self.am: AclMain = AclMain(n_workers, host, design.timeout_classes, design.lists, workers)
        am = self.am
        self.classes: Classes = design.classes()
        am.classes = self.classes
        am.invariants = design.invariants
        am.places = design.places
        am.beside = design.beside
        am.in_table = design.in_table
        am.parse = design.parse
        self.rule_check: RuleCheck = design.rule_check()
        self.matching: Matching = design.matching(am, self.rule_check)
        self.sessions: Sessions = design.sessions(am)
        am.check_due = self.sessions.check_due
        self.datapath: Datapath = design.datapath(am, self.sessions, self.matching)
        self.idle_check: IdleCheck = design.idle_check(am, self.sessions)
        self.cleaner: Cleaner = design.cleaner(am)
        self.acl_lists: AclLists = design.acl_lists(am)
        for name in PARTS:
            refuse_ineffective(design, name, getattr(self, name))

    # --- interfaces --------------------------------------------------------------------------

    def create_interface(self, name: str) -> Interface:
        """Make an interface at the last index that was freed, or the next one.

        Round robin chooses its thread.
        """
        am = self.am
        if am.interface_named(name) is not None:
            raise ValueError(f"interface {name} exists already")
        sw_if_index = self._take_sw_if_index()
        interface = Interface(sw_if_index, name, am.pools)
        am.shown.forget_interface(sw_if_index, name)
        for worker in am.workers:
            worker.interface_counters[sw_if_index : sw_if_index + 1] = [InterfaceCounters()]
        if am.n_workers:
            interface.rx_thread = 1 + am.interfaces_created % am.n_workers
        am.interfaces_created += 1
        am.interfaces[sw_if_index] = interface
        am.interface_indexes[name] = sw_if_index
        return interface

    def _take_sw_if_index(self) -> int:
        """The last freed, as from VPP's pools; what is still being cleared is not free."""
        am = self.am
        for sw_if_index in reversed(am.free_sw_if_indices):
            if am.interfaces[sw_if_index] is None:
                am.free_sw_if_indices.remove(sw_if_index)
                return sw_if_index
        am.interfaces.append(None)
        return len(am.interfaces) - 1

    def delete_interface(self, sw_if_index: int) -> None:
        """Take an interface's ACLs off, then clear it; its index is free when that is done."""
        if sw_if_index == 0:
            raise ValueError("local0 is always there and cannot be deleted")
        interface = self.am.interface(sw_if_index)
        if interface.deleted:
            raise ValueError(f"{interface.name} is being deleted already")
        self.acl_lists.take_off(interface)
        interface.deleted = True
        self.am.free_sw_if_indices.append(sw_if_index)
        del self.am.interface_indexes[interface.name]
        interface.admin_up = False
        self.am.fib.remove_interface(sw_if_index)
        for address, length, is_ip6 in interface.addresses:
            self._forget_address(address, length, is_ip6, sw_if_index)
        self.am.host.signal_cleaner(CleanerEvent(sw_if_index, deleted=True))

    def add_address(self, interface: Interface, address: int, length: int, is_ip6: bool) -> None:
        """Give an interface an address, and with it a route to its subnet."""
        if (address, length, is_ip6) in interface.addresses:
            raise ValueError("the interface has this address already")
        self.refuse_overlap(interface, address, length, is_ip6)
        for entry in interface_entries(address, length, is_ip6, interface.sw_if_index):
            self.am.fib.add(entry)
        interface.addresses.append((address, length, is_ip6))

    def refuse_overlap(
        self, interface: Interface | None, address: int, length: int, is_ip6: bool
    ) -> None:
        """As VPP: a subnet is on one interface, and none lies within another's.

        ValueError: the address is of a subnet of another interface than this.
        """
        bits = 128 if is_ip6 else 32
        for other in self.am.interfaces:
            if other is None or other is interface or other.deleted:
                continue
            for there, there_length, there_is_ip6 in other.addresses:
                shorter = length if length < there_length else there_length
                if there_is_ip6 == is_ip6 and (address ^ there) >> (bits - shorter) == 0:
                    raise ValueError(
                        f"{address_text(there, is_ip6)}/{there_length} on {other.name} overlaps"
                    )

    def remove_address(self, interface: Interface, address: int, length: int, is_ip6: bool) -> None:
        """Take an address off an interface."""
        if (address, length, is_ip6) not in interface.addresses:
            raise ValueError("the interface has no such address")
        interface.addresses.remove((address, length, is_ip6))
        self._forget_address(address, length, is_ip6, interface.sw_if_index)

    def _forget_address(self, address: int, length: int, is_ip6: bool, sw_if_index: int) -> None:
        for entry in interface_entries(address, length, is_ip6, sw_if_index):
            self.am.fib.remove(entry)

    def add_route(self, prefix: Prefix, sw_if_index: int, via: str) -> None:
        """Add a route out of an interface, or (`FIB_FOR_US`) to the bench itself."""
        if self.am.fib.route(prefix) is not None:
            raise ValueError("there is a route to this prefix already")
        assert sw_if_index == FIB_FOR_US or self.am.interface(sw_if_index)
        self.am.fib.add(FibEntry(prefix, Source.CLI, sw_if_index, via))

    def del_route(self, prefix: Prefix) -> None:
        """Delete a route that was added."""
        entry = self.am.fib.route(prefix)
        if entry is None:
            raise ValueError("no route to this prefix was added")
        self.am.fib.remove(entry)

    # --- placement ---------------------------------------------------------------------------

    def place_interface(self, interface: Interface, thread_index: int) -> None:
        """Have another thread poll an interface."""
        before, interface.rx_thread = interface.rx_thread, thread_index
        if before != thread_index:
            self.cleaner.packets_moved(self.am.workers[before])

    def place_by_flow(self, by_flow: bool) -> None:
        """Choose a packet's thread by its flow, or by its rx interface."""
        before, self.am.flow_placement = self.am.flow_placement, by_flow
        if before != by_flow:
            for worker in self.am.packet_workers:
                self.cleaner.packets_moved(worker)

    # --- ACLs --------------------------------------------------------------------------------

    def acl_add_replace(self, acl_index: int | None, rules: tuple[AclRule, ...], tag: str) -> int:
        """Make an ACL at the last index that was freed, or swap the rules of one; returns it."""
        if not all(self.rule_check.takes(rule) for rule in rules):
            raise ValueError("a prefix has bits set below its length")
        acls, free = self.am.acls, self.am.free_acl_indices
        if acl_index is None:
            acl_index = free.pop() if free else len(acls)
            acls[acl_index] = Acl(rules, tag)
            return acl_index
        acl = acls.get(acl_index)
        if acl is None:
            raise ValueError(f"there is no ACL {acl_index} to replace")
        acl.tag = tag
        acl.rules = rules
        self._forget_matches(acl_index)
        for is_input in (True, False):
            for interface in self.acl_users(acl_index, is_input):
                self.acl_lists.count_policy_epoch(interface, is_input)
        return acl_index

    def acl_del(self, acl_index: int) -> None:
        """Delete an ACL that no interface uses."""
        if acl_index not in self.am.acls:
            raise ValueError(f"there is no ACL {acl_index}")
        users = self.acl_users(acl_index, is_input=True) + self.acl_users(acl_index, is_input=False)
        if users:
            raise ValueError(f"ACL {acl_index} is applied")
        del self.am.acls[acl_index]
        self.am.free_acl_indices.append(acl_index)
        self._forget_matches(acl_index)

    def _forget_matches(self, acl_index: int) -> None:
        for worker in self.am.workers:
            worker.forget_rule_matches(acl_index)

    def acl_users(self, acl_index: int, is_input: bool) -> list[Interface]:
        """The interfaces that have this ACL on this side."""
        return [
            i
            for i in self.am.interfaces
            if i is not None and acl_index in (i.input_acls if is_input else i.output_acls)
        ]

    def set_interface_acls(
        self, interface: Interface, is_input: bool, acl_indices: tuple[int, ...]
    ) -> None:
        """Replace one side's list of ACLs."""
        self.acl_lists.set_interface_acls(interface, is_input, acl_indices)

    # --- sessions ----------------------------------------------------------------------------

    def set_session_timeout(self, timeout_class: int, seconds: int) -> None:
        """Set the idle timeout of a class. Lists are looked at after the shortest of the three."""
        self.am.session_timeout[timeout_class] = seconds * NS_PER_SEC
        self.am.shortest_timeout = min(self.am.session_timeout)

    def clear_sessions(self) -> None:
        """Ask the cleaner to clear the sessions of every interface."""
        self.am.host.signal_cleaner(CLEAR_ALL)
