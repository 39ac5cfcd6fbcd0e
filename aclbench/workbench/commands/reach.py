"""What lines may do that stand in a file: a scenario, a run, a lesson, a submission.

Somebody else may have made it. They change the bench that they make, and nothing else. How far a
command reaches is said where it is defined (`Command.reach`); here any file's are held to that.
"""

from __future__ import annotations

import re
from typing import Final

from aclbench.errors import CommandError
from aclbench.workbench.grammar import Command

#: The words that a command's syntax begins with.
_WORDS: Final = re.compile(r"[a-z0-9-]+(?: [a-z0-9-]+)*")


def refuse_in_file(command: Command, whose: str, names_captures: bool) -> None:
    """CommandError: a command reaches further than `whose` ("a scenario's") lines may.

    `names_captures`: they may name captures, which are read.
    """
    allowed = ("bench", "captures") if names_captures else ("bench",)
    if command.reach not in allowed:
        words = _WORDS.match(command.syntax)
        raise CommandError(
            f"{words[0] if words else command.syntax} is not for {whose} lines: they change the "
            "bench that they make, and reach nothing else"
        )
