"""A fault of the program: one line for whoever met it, and all there is to know for a report."""

from __future__ import annotations

import os
import sys
from typing import Final

from aclbench.cli.output import say

#: The exit code of a program with a fault, as `sysexits.h` has it.
EXIT_FAULT: Final = 70
#: Set to anything, the details are printed as well.
DEBUG: Final = "ACLBENCH_DEBUG"
#: What the details are kept in, under the state folder; the latest take the others' place.
FILE: Final = "last-fault.txt"


def say_fault(error: BaseException, what: str = "") -> int:
    """Say in one line that the program has a fault, and where its details are.

    `what` says what went wrong, if that is known better than by the error. Returns the exit code.
    """
    import traceback

    details = "".join(traceback.format_exception(error))
    if os.environ.get(DEBUG):
        say(details, err=True, nl=False)
    short = what or " ".join(f"{type(error).__name__}: {error}".split())
    where = _kept(details)
    report = (
        f"please report it with {where}" if where else f"{DEBUG}=1 shows the details: report them"
    )
    say(f"aclbench: a fault of the program: {short[:200]}; {report}", err=True)
    return EXIT_FAULT


def _kept(details: str) -> str:
    """The file that has the details; empty: none can be written."""
    from platformdirs import user_state_path

    from aclbench.compiled import form
    from aclbench.files import write_whole
    from aclbench.version import __version__

    path = user_state_path("aclbench") / FILE
    about = f"aclbench {__version__}, {form()}, Python {sys.version.split()[0]}\n"
    told = f"{sys.argv[1:]!r}\n\n"
    try:
        write_whole(path, f"{about}{told}{details}", make_folders=True)
    except (OSError, ValueError):
        return ""
    return str(path)
