"""Compiles the engine with mypyc while a wheel, or an editable install, is built.

The source is the same; compiled, it runs a replay about twice as fast. Where there is no C
compiler, or the interpreter is a free-threaded one, the engine stays interpreted, and a build with
`ACLBENCH_PURE=1` makes a wheel for any platform. `aclbench/compiled.py` decides at run time.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
#: What a packet and a round of the cleaner run through. Trace events and their like stay as they
#: are: they are made only when somebody listens.
COMPILED = (
    *("timeouts", "packet", "session", "acl", "fib", "worker", "main", "reasons"),
    *("sessions", "datapath", "idle_check", "cleaner", "machine"),
)


class EngineBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the compiled engine to what is built, if it can be compiled here."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it packs the files."""
        if self.target_name != "wheel" or os.environ.get("ACLBENCH_PURE"):
            return
        try:
            folder = compile_engine()
        except CannotCompile as why_not:
            self.app.display_warning(f"the engine stays interpreted: {why_not}")
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"].append(f"/{folder.relative_to(ROOT)}/*")


class CannotCompile(Exception):
    """The engine cannot be compiled here; the text says why."""


def _check() -> None:
    """Raise CannotCompile where it is known beforehand that it cannot be done."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise CannotCompile("this interpreter is a free-threaded one")
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if os.name != "nt" and shutil.which(compiler) is None:
        raise CannotCompile(f"there is no C compiler ({compiler})")


def compile_engine() -> Path:
    """Compile the engine, unless that is done; the folder that it is in.

    Raises CannotCompile.
    """
    compiled = _load_compiled()
    folder: Path = compiled.FOLDER
    if compiled.is_current():
        return folder
    _check()
    from mypyc.build import mypycify
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext
    from setuptools.errors import CompileError, LinkError, PlatformError

    sources = [f"aclbench/engine/{name}.py" for name in COMPILED]
    before = os.getcwd()
    os.chdir(ROOT)  # modules are named by their paths from here
    try:
        with tempfile.TemporaryDirectory() as scratch:
            extensions = mypycify(
                [*sources],
                target_dir=scratch,
                group_name="aclbench.engine.machine",
                opt_level="3",
                debug_level="0",
            )
            command = build_ext(Distribution({"name": "aclbench", "ext_modules": extensions}))
            command.build_temp = str(Path(scratch, "objects"))
            command.build_lib = str(Path(scratch, "built"))
            command.ensure_finalized()
            command.run()
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for built in Path(scratch, "built", "aclbench", "engine").iterdir():
                shutil.copy(built, folder / built.name)
    except (CompileError, LinkError, PlatformError) as error:  # perhaps no Python.h
        raise CannotCompile(str(error)) from error
    finally:
        os.chdir(before)
    compiled.stamp()
    return folder


def _load_compiled() -> ModuleType:
    """`aclbench/compiled.py`, without the package around it."""
    spec = importlib.util.spec_from_file_location("compiled", ROOT / "aclbench" / "compiled.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
