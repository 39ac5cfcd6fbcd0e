"""Whether a part of the engine that a lesson names is there: found by reading, without importing.

A lesson names one as `aclbench.engine.packet:parse_ethernet`, or `module:Class.method`.
"""

from __future__ import annotations

import ast
from pathlib import Path

from aclbench.errors import did_you_mean

_PACKAGE = Path(__file__).resolve().parent.parent
_DEFINES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def missing_source(source: str) -> str:
    """What is wrong with the name of a source, in words; empty if it is there."""
    module, _, name = source.partition(":")
    path = _PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")
    if not module.startswith("aclbench.") or not path.is_file():
        return f"{source}: there is no module {module}"
    body: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for part in name.split("."):
        known = {stmt.name: stmt for stmt in body if isinstance(stmt, _DEFINES)}
        if part not in known:
            return f"{source}: there is no {part} in {module}; {did_you_mean(part, known)}"
        body = known[part].body
    return ""
