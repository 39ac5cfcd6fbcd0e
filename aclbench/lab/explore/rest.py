"""The state at rest that every run of a search begins with: kept once, put back very often.

A generator cannot be copied, so a run begins anew from its choices. A checkpoint (`rig.packing`)
makes a new machine; here the values are written back into the one that is there, which costs a
hundredth of it. Interfaces, routes and ACLs are written back only if a command was run.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from aclbench.engine.main import AclMain, Interface
from aclbench.engine.packing import POOL_FIELDS
from aclbench.engine.table import enter_listed
from aclbench.engine.worker import Worker
from aclbench.workbench.rig.fields import fields_of, set_fields

#: Fields that no run changes, or that are kept apart.
_WORKER_APART: Final = POOL_FIELDS | {"thread_index", "numbers", "interface_counters"}
_MAIN_KEPT: Final = frozenset(
    (
        *("session_timeout", "shortest_timeout", "conn_table_max_entries"),
        *("max_deleted_sessions_per_interval", "min_deleted_sessions_per_interval"),
        *("wait_interval_min", "wait_interval_max", "l4_match_nonfirst_fragment"),
        *("reclassify_sessions", "interface_acl_counters_enabled", "extension_headers"),
        *("flow_placement", "interfaces", "free_sw_if_indices", "interface_indexes"),
        *("interfaces_created", "acls", "free_acl_indices"),
    )
)
#: What a run writes into.
_COPIED: Final = (list, dict, deque)


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, _COPIED) else value


class _KeptWorker:
    """One worker's values."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        fields = fields_of(worker, _WORKER_APART)
        self._plain = {n: v for n, v in fields.items() if not isinstance(v, _COPIED)}
        self._copied = {n: v.copy() for n, v in fields.items() if isinstance(v, _COPIED)}
        pool = worker.pool
        self._numbers = [each.copy() for each in worker.numbers]
        self._rows = pool.pack(0, len(pool)) if len(pool) else None
        self._free = list(pool.free_indices)
        self._columns = [list(column) for column in pool.columns]

    def put_back(self) -> None:
        """Write the values back; tables are the caller's."""
        worker = self._worker
        set_fields(worker, self._plain)
        for name, value in self._copied.items():
            setattr(worker, name, value.copy())
        for numbers, kept in zip(worker.numbers, self._numbers, strict=True):
            numbers[:] = kept
        worker.expired.clear()
        worker.session_in_hand = None
        pool = worker.pool
        pool.clear()
        if self._rows is not None:
            pool.unpack(self._rows)
        pool.free_indices = self._free.copy()
        pool.columns = [column.copy() for column in self._columns]


class _KeptInterface:
    """One interface's values, but for its table."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self._fields = {n: _copy(v) for n, v in fields_of(interface, ("sessions",)).items()}

    def put_back(self) -> None:
        """Write the values back."""
        set_fields(self.interface, {n: _copy(v) for n, v in self._fields.items()})


class Rest:
    """A machine at rest, as it is now."""

    def __init__(self, am: AclMain) -> None:
        self._am = am
        self._workers = [_KeptWorker(worker) for worker in am.workers]
        self._cleaner = fields_of(am.cleaner)
        self._interfaces = [None if i is None else _KeptInterface(i) for i in am.interfaces]
        self._main = {n: _copy(v) for n, v in fields_of(am).items() if n in _MAIN_KEPT}
        self._acls = {index: (acl, acl.rules, acl.tag) for index, acl in am.acls.items()}
        self._routes = tuple(am.fib.entries)

    def put_back(self, was_configured: bool) -> None:
        """Write everything back; `was_configured`: a command was run since, or an index freed."""
        am = self._am
        set_fields(am.cleaner, self._cleaner)
        for worker in self._workers:
            worker.put_back()
        if was_configured:
            self._put_configuration_back()
        tables = [None if i is None else i.sessions for i in am.interfaces]
        for table in tables:
            if table is not None:
                table.clear()
        for each in am.workers:
            if len(each.pool):
                enter_listed(each.pool, tables, 0, am.in_table)

    def _put_configuration_back(self) -> None:
        am = self._am
        set_fields(am, {n: _copy(v) for n, v in self._main.items()})
        for kept in self._interfaces:
            if kept is not None:
                kept.put_back()
        for acl, rules, tag in self._acls.values():
            acl.rules, acl.tag = rules, tag
        if tuple(am.fib.entries) != self._routes:
            am.fib.replace(self._routes)
