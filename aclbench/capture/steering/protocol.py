"""What every kind of steering offers."""

from __future__ import annotations

from typing import Protocol

from aclbench.capture.batch import RawBatch
from aclbench.capture.columns import Columns


class Steering(Protocol):
    """Says which interface each packet of a capture enters."""

    def assign(self, batch: RawBatch, columns: Columns) -> list[int]:
        """The sw_if_index that each packet of a batch enters; `columns` is the batch decoded.

        May set info bits of packets that, by this steering, never came to the firewall. Raises
        CaptureError where the capture does not carry what the steering goes by.
        """

    def unmet(self) -> list[str]:
        """What packets were to be told by and no packet had so far, in words."""
