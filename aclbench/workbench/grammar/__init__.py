"""The grammar of the command line: one syntax string a command, and all the rest made from it."""

from aclbench.workbench.grammar.arguments import (
    REST,
    SECONDS,
    WORD,
    ArgumentError,
    ArgumentType,
    Candidate,
    choice,
    integer,
)
from aclbench.workbench.grammar.lines import MAX_LINE_CHARACTERS, GrammarError, is_nothing
from aclbench.workbench.grammar.reading import Item
from aclbench.workbench.grammar.table import (
    END,
    Command,
    CommandTable,
    Completion,
    Expected,
    ParsedCommand,
    Reach,
    ReferenceRow,
)

__all__ = [
    "END",
    "MAX_LINE_CHARACTERS",
    "REST",
    "SECONDS",
    "WORD",
    "ArgumentError",
    "ArgumentType",
    "Candidate",
    "Command",
    "CommandTable",
    "Completion",
    "Expected",
    "GrammarError",
    "Item",
    "ParsedCommand",
    "Reach",
    "ReferenceRow",
    "choice",
    "integer",
    "is_nothing",
]
