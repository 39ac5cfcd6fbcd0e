"""Connections, numbered from 1 in the order of their first packets."""

from __future__ import annotations

from aclbench.workbench.views.keys import connection_of

#: What a packet that is not IP belongs to.
NO_CONNECTION = 0


class Connections:
    """The number of each connection that was met; both directions of one have the same."""

    def __init__(self) -> None:
        self._by_connection: dict[bytes, int] = {b"": NO_CONNECTION}
        self._by_key: dict[bytes, int] = {b"": NO_CONNECTION}

    def number(self, key: bytes) -> int:
        """The number of a packet's connection; a new one where this is its first packet."""
        found = self._by_key.get(key)
        if found is None:
            found = self._by_connection.setdefault(connection_of(key), len(self._by_connection))
            self._by_key[key] = found
        return found

    def known(self, key: bytes) -> int:
        """The number of a packet's connection; 0 where none of its packets was met."""
        return self._by_connection.get(connection_of(key), NO_CONNECTION)
