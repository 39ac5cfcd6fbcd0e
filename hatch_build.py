"""Compiles the machine with mypyc while a wheel, or an editable install, is built.

The source is the same; compiled, it runs a replay about twice as fast. Where there is no C
compiler, or the interpreter is a free-threaded one, the machine stays interpreted, and a build with
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


#: What the machine does not use is neither there while it is built, as NumPy, nor looked at.
_MYPY_OPTIONS = ("--config-file=", "--follow-imports=silent", "--ignore-missing-imports")
#: Where symbols of a library may be replaced when it is loaded, a compiler inlines none of its own
#: functions unless told that ours are not: the small ones then cost twice as much.
_COMPILER_OPTIONS = () if sys.platform in ("win32", "darwin") else ("-fno-semantic-interposition",)


class MachineBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the compiled machine to what is built, if it can be compiled here."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it packs the files."""
        if self.target_name != "wheel" or os.environ.get("ACLBENCH_PURE"):
            return
        try:
            folder = compile_machine()
        except CannotCompile as why_not:
            self.app.display_warning(f"the machine stays interpreted: {why_not}")
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"].append(f"/{folder.relative_to(ROOT)}/**/*")


class CannotCompile(Exception):
    """The machine cannot be compiled here; the text says why."""


def _check() -> None:
    """Raise CannotCompile where it is known beforehand that it cannot be done."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise CannotCompile("this interpreter is a free-threaded one")
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if os.name != "nt" and shutil.which(compiler) is None:
        raise CannotCompile(f"there is no C compiler ({compiler})")


def compile_machine() -> Path:
    """Compile the machine, unless that is done; the folder that it is in.

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

    sources = [
        f"aclbench/{package}/{name}.py"
        for package, names in compiled.COMPILED.items()
        for name in names
    ]
    before = os.getcwd()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            staged = Path(scratch, "source")
            compiled.stage(staged)
            os.chdir(staged)  # modules are named by their paths from here
            extensions = mypycify(
                [*_MYPY_OPTIONS, *sources],
                target_dir=scratch,
                group_name="aclbench.machine",
                opt_level="3",
                debug_level="0",
            )
            for extension in extensions:
                extension.extra_compile_args.extend(_COMPILER_OPTIONS)
            command = build_ext(Distribution({"name": "aclbench", "ext_modules": extensions}))
            command.build_temp = str(Path(scratch, "objects"))
            command.build_lib = str(Path(scratch, "built"))
            command.ensure_finalized()
            command.run()
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(Path(scratch, "built", "aclbench"), folder)
    except (CompileError, LinkError, PlatformError) as error:  # perhaps no Python.h
        raise CannotCompile(str(error)) from error
    except SystemExit:  # mypyc has said what
        raise CannotCompile("mypy finds errors in it") from None
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
