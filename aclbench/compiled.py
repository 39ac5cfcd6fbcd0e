"""Whether the engine runs compiled: only while it was made of exactly the source that lies here.

The engine is plain typed Python, and an install compiles it with mypyc where there is a C compiler
(`hatch_build.py`). The extension modules lie in a folder of their own, with a stamp: the hash of
the source. Once a line of `aclbench/engine` is edited the stamp no longer fits, and what runs is
what can be read. `ACLBENCH_INTERPRETED=1` has the source run in any case.
"""

from __future__ import annotations

import hashlib
import os
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Final

ENGINE: Final = Path(__file__).parent / "engine"
#: Where the extension modules are, and the stamp; both are for one kind of interpreter.
FOLDER: Final = ENGINE / "_compiled"
STAMP: Final = FOLDER / f"source{EXTENSION_SUFFIXES[0]}.sha256"


def use_compiled() -> None:
    """Have imports of the engine's modules find the compiled ones first, if they may run.

    To be called before the first of them is imported.
    """
    if not os.environ.get("ACLBENCH_INTERPRETED") and is_current():
        import aclbench.engine

        aclbench.engine.__path__.insert(0, str(FOLDER))


def is_current() -> bool:
    """Whether there is a compiled engine for this interpreter, made of this source."""
    return STAMP.is_file() and STAMP.read_text() == source_hash()


def stamp() -> None:
    """Note that what was compiled was compiled from this source."""
    STAMP.write_text(source_hash())


def source_hash() -> str:
    """The hash of the engine's source."""
    total = hashlib.sha256()
    for path in sorted(ENGINE.glob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()


def engine_form() -> str:
    """How the engine runs in this process: `compiled` or `interpreted`."""
    import aclbench.engine

    return "compiled" if str(FOLDER) in aclbench.engine.__path__ else "interpreted"
