"""How the package is built: no import circles, and sizes that can be read.

An import of `a.b` counts for the file `a/b.py` alone, not for the package `a`. Imports in
functions and under `if TYPE_CHECKING` count like all others: an annotation is read as well.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = "aclbench"

FILE_LINES: Final = 500
CLASS_MEMBERS: Final = 40
FUNCTION_LINES: Final = 60
#: Longer on purpose: calls would cost more than what is done.
LONG: Final = {"aclbench.drivers.fast_path.FastPath.run"}

#: What shows text, and the modules that may: each has it pass `visible`, or shows its own alone.
SHOW: Final = {
    "click.echo", "click.secho", "click.confirm", "click.prompt", "print", "sys.stdout.write",
    "sys.stderr.write", "traceback.print_exception", "traceback.print_exc", "Text", "Segment",
    "Static", "Label", "Markdown",
}  # fmt: skip
SHOWING: Final = {
    "cli.output", "repl.printing", "tui.command.output", "tui.dialogs.fields",
    "tui.dialogs.picklist", "tui.drawing", "tui.help.screen", "tui.textpanel", "tui.words",
}  # fmt: skip


@functools.cache
def modules() -> Mapping[str, Path]:
    """The files of the package by module name; a package's `__init__.py` by the package's."""
    found: dict[str, Path] = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "bundled" in parts or "_compiled" in parts:
            continue
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@functools.cache
def tree_of(module: str) -> ast.Module:
    """The parsed source of a module."""
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def imports_of(module: str) -> set[str]:
    """The modules of the package that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base_of(module, node)
            # `from a import b` imports the file a/b.py if there is one, else something of a.
            found.update(
                name if (name := f"{base}.{alias.name}") in modules() else base
                for alias in node.names
            )
    return (found & modules().keys()) - {module}


def _base_of(module: str, node: ast.ImportFrom) -> str:
    """The module after `from`, relative ones made absolute."""
    if not node.level:
        return node.module or ""
    package = module.split(".")
    if modules()[module].name != "__init__.py":
        package.pop()
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def circles(graph: Mapping[str, set[str]]) -> set[frozenset[str]]:
    """The largest sets of modules in which each imports, by some way, each other."""
    reached = {module: _reached_from(module, graph) for module in graph}
    found = {
        frozenset({module} | {other for other in reached[module] if module in reached[other]})
        for module in graph
    }
    return {circle for circle in found if len(circle) > 1}


def _reached_from(module: str, graph: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = list(graph[module])
    while ahead:
        if (name := ahead.pop()) not in seen:
            seen.add(name)
            ahead += graph[name]
    return seen


def test_no_files_import_each_other_in_a_circle() -> None:
    there = circles({module: imports_of(module) for module in modules()})
    assert sorted(map(sorted, there)) == []


def test_a_circle_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set[str]()}
    assert circles(graph) == {frozenset("abc")}


def test_the_engine_imports_the_standard_library_alone() -> None:
    """And what mypyc needs at run time."""
    allowed = {*sys.stdlib_module_names, PACKAGE, "librt", "mypy_extensions"}
    for module in modules():
        if module.startswith(f"{PACKAGE}.engine"):
            found = set(names_imported(module))
            assert {name.partition(".")[0] for name in found} <= allowed, module


def names_imported(module: str) -> Iterator[str]:
    """The modules, of whatever package, that a module imports from."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield _base_of(module, node)


def test_text_leaves_the_program_where_it_is_made_visible() -> None:
    """All else goes through these: what they are given, no terminal obeys (`visible.py`)."""
    shown: set[str] = set()
    for module in modules():
        for node in ast.walk(tree_of(module)):
            bases = node.bases if isinstance(node, ast.ClassDef) else []
            used = [node.func] if isinstance(node, ast.Call) else bases
            if {ast.unparse(each) for each in used} & SHOW:
                shown.add(module)
    assert shown == {f"{PACKAGE}.{module}" for module in SHOWING}


def test_no_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules().values()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES
    }
    assert long == {}


def test_no_function_is_too_long() -> None:
    long = {
        f"{module}.{name}": lines
        for module in modules()
        for name, node in functions_of(tree_of(module))
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long.keys() == LONG


def functions_of(
    node: ast.AST, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Functions and methods that stand in no other function, by `Class.method`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{child.name}", child
        elif isinstance(child, ast.ClassDef):
            yield from functions_of(child, f"{prefix}{child.name}.")
        else:
            yield from functions_of(child, prefix)


def test_no_class_has_too_many_members() -> None:
    large = {
        name: len(members) for name in classes() if len(members := members_of(name)) > CLASS_MEMBERS
    }
    assert large == {}


@functools.cache
def classes() -> Mapping[str, ast.ClassDef]:
    """The classes that stand in modules, by module and name."""
    return {
        f"{module}.{node.name}": node
        for module in modules()
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ClassDef)
    }


def members_of(name: str) -> set[str]:
    """Public methods and properties of a class and of those of ours that it inherits from."""
    node = classes()[name]
    module = name.rpartition(".")[0]
    found = {
        child.name
        for child in node.body
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        and not child.name.startswith("_")
    }
    for base in node.bases:
        parent = resolve(module, base)
        if parent in classes() and parent != name:
            found |= members_of(parent)
    return found


def resolve(module: str, base: ast.expr, depth: int = 8) -> str:
    """The full name of a base class as it is written in a module; empty for what is not ours."""
    while isinstance(base, ast.Subscript):
        base = base.value
    written = ast.unparse(base)
    if f"{module}.{written}" in classes() or not depth:
        return f"{module}.{written}"
    first, _, rest = written.partition(".")
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) != first:
                    continue
                source = _base_of(module, node)
                if f"{source}.{alias.name}" in modules():
                    return f"{source}.{alias.name}.{rest}"
                if source in modules():  # perhaps handed on by a package's __init__.py
                    return resolve(source, ast.Name(alias.name), depth - 1)
    return ""
