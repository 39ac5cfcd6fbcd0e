"""The command line. Heavy imports wait until they are used: this module, and each command.

Exit codes: 0 fine, 1 something could not be read or done (one message on standard error says what),
2 wrong usage, 70 a fault of the program, 130 interrupted, 141 the reader of the output has gone.
"""

from __future__ import annotations

import gc
import os
import sys

EXIT_INTERRUPTED = 130
# NumPy's linear algebra is not used; its threads need not be started.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
#: New objects between two rounds of the cycle collector. Of what is loaded at the start nothing
#: goes again, and to walk it every 700 objects, as is usual, would take a tenth of the start.
OBJECTS_PER_ROUND = 200_000


def main() -> None:
    """Run the command; Ctrl-C at any time, also while it is being loaded, ends it in silence."""
    gc.set_threshold(OBJECTS_PER_ROUND)
    try:
        from aclbench.cli.commands import run

        sys.exit(run())
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
