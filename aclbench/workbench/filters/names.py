"""What names a filter can have, and whether packets or sessions are looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: What is looked for.
Kind = Literal["packets", "sessions"]


@dataclass(frozen=True, slots=True)
class Names:
    """Interfaces by name with their sw_if_index, threads and classes with their numbers."""

    kind: Kind
    interfaces: Mapping[str, int] = field(default_factory=dict)
    workers: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)
