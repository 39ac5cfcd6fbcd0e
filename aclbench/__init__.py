"""aclbench: a workbench for stateful ACL session aging, as in FD.io VPP's acl plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aclbench.compiled import use_compiled
from aclbench.version import __version__

if TYPE_CHECKING:
    from aclbench.errors import (
        AclbenchError,
        CaptureError,
        CommandError,
        RunFileError,
        ScenarioError,
    )
    from aclbench.workbench.views.snapshot import Snapshot, View
    from aclbench.workbench.views.verdict import NodeCheck, Verdict
    from aclbench.workbench.workbench import Workbench

__all__ = [
    "AclbenchError",
    "CaptureError",
    "CommandError",
    "NodeCheck",
    "RunFileError",
    "ScenarioError",
    "Snapshot",
    "Verdict",
    "View",
    "Workbench",
    "__version__",
]

use_compiled()

_HOMES = {
    "Workbench": "aclbench.workbench.workbench",
    "Snapshot": "aclbench.workbench.views.snapshot",
    "View": "aclbench.workbench.views.snapshot",
    "Verdict": "aclbench.workbench.views.verdict",
    "NodeCheck": "aclbench.workbench.views.verdict",
    "AclbenchError": "aclbench.errors",
    "CaptureError": "aclbench.errors",
    "CommandError": "aclbench.errors",
    "RunFileError": "aclbench.errors",
    "ScenarioError": "aclbench.errors",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: `aclbench --help` needs no NumPy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'aclbench' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
