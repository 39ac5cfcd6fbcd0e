"""Conditions in Python's own syntax, for lessons and searches; a leaf.

An expression is read by Python's parser and checked against a list of what it may have (`text`,
`reading`), never compiled or run by Python; it is evaluated within bounds (`evaluating`). What can
be named is a `Vocabulary`, handed in by whoever asks.

    numbers, texts      3, 0.5, 1_000_000, "pg0" (no escapes), True, False, None
    signs               + - * /   == != < <= > >=   a < b < c   and or not   ( )
    in, not in          an item of a list, a part of a text
    is None, is not None
    rows and lists      worker.sessions, workers[0], workers[-1], len(workers)
    loops               any(w.requeued > 2 for w in workers if w.sessions), all, sum, max, min
    events              happened(deleted), count(packet, fate="denied"), latest(packet).reason,
                        events(requeued): those of a kind, with fields that are equal

Numbers are exact fractions; `and`, `or` and `not` are true or not, never one of their sides. What
is not there is none, and so are its fields.
"""

from aclbench.expressions.expression import (
    Expression,
    Filled,
    read_expression,
    read_filled,
    shown,
)
from aclbench.expressions.types import (
    NONE,
    NUMBER,
    TEXT,
    ExpressionError,
    Refused,
    Type,
    list_of,
)
from aclbench.expressions.vocabulary import (
    FieldKind,
    FunctionKind,
    NameKind,
    Vocabulary,
    World,
)

__all__ = [
    "NONE",
    "NUMBER",
    "TEXT",
    "Expression",
    "ExpressionError",
    "FieldKind",
    "Filled",
    "FunctionKind",
    "NameKind",
    "Refused",
    "Type",
    "Vocabulary",
    "World",
    "list_of",
    "read_expression",
    "read_filled",
    "shown",
]
