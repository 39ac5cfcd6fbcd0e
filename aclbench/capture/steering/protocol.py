"""The protocol that every kind of steering follows."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import RawBatch
from aclbench.capture.columns import Columns


class Steering(Protocol):
    """Decides which interface each packet of a capture enters."""

    def assign(self, batch: RawBatch, columns: Columns) -> NDArray[np.int64]:
        """The sw_if_index that each packet of a batch enters; `columns` is the batch decoded.

        May set info bits of packets that, by this steering, never reached the firewall. Raises
        CaptureError where the capture lacks what the steering needs.
        """

    def unmatched(self) -> list[str]:
        """The labels that no packet had so far, in words."""
