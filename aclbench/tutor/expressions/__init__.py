"""The language of goals: conditions over a bench and over what has happened since.

Never Python's `eval`: words (`tokens`), a frozen tree whose types are checked (`parsing`), and
working it out with bounds (`evaluating`). What can be said stands in `vocabulary`.
"""

from aclbench.tutor.expressions.expression import (
    Expression,
    Filled,
    read_expression,
    read_filled,
    shown,
)
from aclbench.tutor.expressions.syntax import ExpressionError
from aclbench.tutor.expressions.vocabulary import World

__all__ = [
    "Expression",
    "ExpressionError",
    "Filled",
    "World",
    "read_expression",
    "read_filled",
    "shown",
]
