"""The display filter: one small language for packets and sessions.

denied and host 10.0.0.2 and not (port 53 or icmp)

Words side by side must all hold. A filter is a value: printed and read again it is the same. It is
told what names there are (`Names`) and looks at a packet or session through accessors, so it knows
nothing of a bench.
"""

from aclbench.workbench.filters.connections import Connections
from aclbench.workbench.filters.filters import (
    EVERYTHING,
    And,
    Filter,
    Not,
    Or,
    Passes,
    asks_for_connections,
    filter_text,
    passes,
    terms_of,
)
from aclbench.workbench.filters.names import Kind, Names
from aclbench.workbench.filters.reading import (
    FilterError,
    Query,
    filter_words,
    read_filter,
    read_query,
)
from aclbench.workbench.filters.terms import Field, Term

__all__ = [
    "EVERYTHING",
    "And",
    "Connections",
    "Field",
    "Filter",
    "FilterError",
    "Kind",
    "Names",
    "Not",
    "Or",
    "Passes",
    "Query",
    "Term",
    "asks_for_connections",
    "filter_text",
    "filter_words",
    "passes",
    "read_filter",
    "read_query",
    "terms_of",
]
