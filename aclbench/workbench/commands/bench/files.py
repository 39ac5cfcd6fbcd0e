"""The argument type for files: its completion reads the folder that is being typed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from aclbench.workbench.grammar import ArgumentType, Candidate

#: Entries of a folder that are looked at: a key must be answered at once in any folder.
_MOST_ENTRIES: Final = 5_000
#: And so many of them offered.
_MOST_OFFERED: Final = 500


def _parse_file(text: str, context: Any) -> str:
    return text


def _complete_file(prefix: str, context: Any) -> Iterable[Candidate]:
    """The files that a path can become; folders end in a slash, so that one can go on."""
    folder, slash, begun = prefix.rpartition("/")
    where = os.path.expanduser(folder) if slash and folder else slash or "."
    try:
        with os.scandir(where) as entries:
            found = [
                (entry.name, entry.is_dir())
                for entry in islice(entries, _MOST_ENTRIES)
                if entry.name.startswith(begun) and (begun or not entry.name.startswith("."))
            ]
    except (OSError, ValueError):
        return
    for name, is_folder in sorted(found)[:_MOST_OFFERED]:
        yield Candidate(f"{folder}{slash}{name}{'/' if is_folder else ''}")


FILE: Final = ArgumentType("file", "the name of a file", _parse_file, _complete_file)
