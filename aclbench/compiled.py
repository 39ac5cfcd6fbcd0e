"""Whether the machine runs compiled: only while it was made of exactly the source that lies here.

The engine and what hands packets to it is plain typed Python, and an install compiles it with mypyc
where there is a C compiler (`hatch_build.py`). The extension modules lie in a folder of their own,
with a stamp: the checksum of the source. Once a line of it is edited the stamp no longer fits, and
what runs is what can be read. `ACLBENCH_INTERPRETED=1` has the source run in any case.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import find_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

#: What a packet, or a round of the cleaner, runs through.
COMPILED: Final = {
    "capture": ("walk", "decoder"),
    "drivers": (
        *("frame", "driver", "cleaner_actor", "stepping", "stepped", "batch", "dispatcher"),
        "fast_path",
    ),
    "engine": (
        *(
            "storage",
            "timeouts",
            "packet",
            "pool",
            "table",
            "session",
            "acl",
            "fib",
            "steps",
            "worker",
            "reasons",
        ),
        *("measuring", "telling", "outcomes", "main", "flags", "reading", "sessions", "matching"),
        *("datapath", "idle_check", "cleaner", "acl_lists", "machine"),
    ),
}
#: Modules that have a form of their own for compiling: what is compiled under the first name.
PACKED: Final = {
    "engine/storage": "engine/storage_packed",
    "engine/pool": "engine/pool_packed",
    "engine/table": "engine/table_packed",
}
#: What compiled modules import and is not compiled: trace events are made only for who listens.
NOT_COMPILED: Final = ("events", "tracing", "design")
PACKAGE: Final = Path(__file__).parent
#: Where the extension modules are, as in the package, and the stamp. Both are for one kind of
#: interpreter, which the suffix names.
FOLDER: Final = PACKAGE / "_compiled"
SUFFIX: Final = EXTENSION_SUFFIXES[0]
STAMP: Final = FOLDER / f"source{SUFFIX}.txt"


class CompiledFinder:
    """Finds the compiled modules; no subclass of `MetaPathFinder`, which is slow to import."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module that is compiled; None for any other."""
        package, _, name = fullname.partition(".")
        if package != PACKAGE.name:
            return None
        file = FOLDER.joinpath(*name.split(".")).with_suffix(SUFFIX)
        return spec_from_file_location(fullname, file) if file.is_file() else None


def use_compiled() -> None:
    """Have imports find the compiled modules, if they may run. To be called before any import."""
    if not os.environ.get("ACLBENCH_INTERPRETED") and is_current():
        sys.meta_path.insert(0, CompiledFinder())


def interpret() -> bool:
    """Have imports find the source from now on; False: something compiled runs already."""
    loaded = [f"{PACKAGE.name}.{part}.{name}" for part in COMPILED for name in COMPILED[part]]
    if any(str(getattr(sys.modules.get(name), "__file__", "")).endswith(SUFFIX) for name in loaded):
        return False
    sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, CompiledFinder)]
    return True


def is_current() -> bool:
    """Whether there are compiled modules for this interpreter, made of this source.

    They need librt, which is itself compiled: without it the source runs.
    """
    if not STAMP.is_file() or find_spec("librt") is None:
        return False
    return STAMP.read_text() == checksum()


def stamp() -> None:
    """Note that what was compiled was compiled from this source."""
    STAMP.write_text(checksum())


def checksum() -> str:
    """Checksum and length of the source, what compiled modules import included."""
    paths = [PACKAGE / package / f"{name}.py" for package in COMPILED for name in COMPILED[package]]
    paths += (PACKAGE / "engine" / f"{name}.py" for name in NOT_COMPILED)
    paths += (PACKAGE / f"{name}.py" for name in PACKED.values())
    source = b"".join(path.read_bytes() for path in paths)
    return f"{zlib.crc32(source):08x} {len(source)}"


def form() -> str:
    """How the machine runs in this process: `compiled` or `interpreted`."""
    found = any(isinstance(finder, CompiledFinder) for finder in sys.meta_path)
    return "compiled" if found else "interpreted"


def stage(folder: Path) -> None:
    """Copy the source into a folder as it is compiled: a module that has a packed form is that."""
    import shutil  # which nobody else needs as the program starts

    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns(FOLDER.name, "__pycache__", "bundled")
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=ignored)
    for name, packed in PACKED.items():
        (folder / PACKAGE.name / f"{packed}.py").replace(folder / PACKAGE.name / f"{name}.py")
