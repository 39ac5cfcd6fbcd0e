"""Steering by what a packet carries besides its addresses, or by the capture that it is in.

VLAN tags and MAC addresses are read from the raw batch, and only when a steering uses them:
`decode` skips them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aclbench.capture.batch import RawBatch
from aclbench.capture.columns import Columns
from aclbench.capture.links import UNTAGGED, source_macs, vlan_tags
from aclbench.errors import CaptureError, ScenarioError

#: VLANs that a tag can name: 0 says "no VLAN", 4095 is reserved.
_VLANS: Final = range(1, 4095)
_INNER_BITS: Final = 12
#: Why a capture cannot be steered by the interface that packets were captured on.
NO_INTERFACES: Final = (
    "a classic pcap does not say which interface a packet was captured on; pcapng does. Give each "
    "interface a capture of its own (--rx), or tell them by address"
)


class _Table:
    """The interface of each label, a number; notes which of them occurred.

    `given` are triples of a label, its name in messages and its sw_if_index. Raises ScenarioError
    where one label leads to two interfaces.
    """

    def __init__(self, given: Iterable[tuple[int, str, int]]) -> None:
        found: dict[int, tuple[str, int]] = {}
        for label, words, sw_if_index in given:
            if found.setdefault(label, (words, sw_if_index))[1] != sw_if_index:
                raise ScenarioError(
                    f"{words} enters interfaces {found[label][1]} and {sw_if_index}; "
                    "give it to one of them"
                )
        labels = sorted(found)
        self.words = [found[label][0] for label in labels]
        self.met = np.zeros(len(labels), dtype=np.bool_)
        self._labels = np.array(labels, dtype=np.int64)
        self._rx = np.array([found[label][1] for label in labels], dtype=np.int64)

    def put(self, labels: NDArray[np.int64], rx: NDArray[np.int64]) -> None:
        """Enter into `rx` the interface of each packet whose label is known."""
        if not len(self._labels):
            return
        place = np.minimum(np.searchsorted(self._labels, labels), len(self._labels) - 1)
        known = self._labels[place] == labels
        rx[known] = self._rx[place[known]]
        self.met[place[known]] = True

    def unmatched(self) -> list[str]:
        return [self.words[i] for i in np.flatnonzero(~self.met).tolist()]


class ByVlan:
    """By the outer VLAN tag, or by the two outer ones; a packet without a known one to `default`.

    `vlans` are pairs of a text as `parse_vlan` reads it and a sw_if_index. Where both `20` and
    `20.30` are given, the latter decides.
    """

    def __init__(self, vlans: Sequence[tuple[str, int]], default: int) -> None:
        self.default = default
        self._table = _Table(
            (parse_vlan(text), f"VLAN {text}", sw_if_index) for text, sw_if_index in vlans
        )

    def assign(self, batch: RawBatch, columns: Columns) -> NDArray[np.int64]:
        """The interface of each packet, by its tags."""
        outer, inner = vlan_tags(batch)
        rx = np.full(len(batch), self.default, dtype=np.int64)
        self._table.put(np.where(outer == UNTAGGED, UNTAGGED, outer << _INNER_BITS), rx)
        both = np.where((outer > 0) & (inner > 0), outer << _INNER_BITS | inner, UNTAGGED)
        self._table.put(both, rx)
        return rx

    def unmatched(self) -> list[str]:
        """The VLANs that no packet had."""
        return self._table.unmatched()


def parse_vlan(text: str) -> int:
    """The number that stands for `10`, or for `20.30`: outer and inner tag.

    Raises ScenarioError for anything else.
    """
    parts = text.split(".")
    if len(parts) > 2 or not all(re.fullmatch(r"\d{1,4}", part, re.ASCII) for part in parts):
        raise ScenarioError(f"{text!r} is not a VLAN; write 10, or 20.30 for outer and inner tag")
    numbers = [int(part) for part in parts]
    if not all(number in _VLANS for number in numbers):
        raise ScenarioError(f"{text!r} is not a VLAN; they are numbered 1 to 4094")
    return numbers[0] << _INNER_BITS | (numbers[1] if len(numbers) > 1 else 0)


class ByMac:
    """By the source MAC address; a packet without a known one, or without any, to `default`.

    `macs` are pairs of an address as `parse_mac` reads it and a sw_if_index.
    """

    def __init__(self, macs: Sequence[tuple[str, int]], default: int) -> None:
        self.default = default
        self._table = _Table(
            (parse_mac(text), f"source MAC {text}", sw_if_index) for text, sw_if_index in macs
        )

    def assign(self, batch: RawBatch, columns: Columns) -> NDArray[np.int64]:
        """The interface of each packet, by its source MAC."""
        rx = np.full(len(batch), self.default, dtype=np.int64)
        self._table.put(source_macs(batch), rx)
        return rx

    def unmatched(self) -> list[str]:
        """The addresses that no packet came from."""
        return self._table.unmatched()


def parse_mac(text: str) -> int:
    """A MAC address as a number; `02:00:00:00:00:01`, with colons or dashes, in either case.

    Raises ScenarioError for anything else.
    """
    if not re.fullmatch(r"[0-9a-f]{2}(([:-])[0-9a-f]{2})(\2[0-9a-f]{2}){4}", text, re.I | re.ASCII):
        raise ScenarioError(f"{text!r} is not a MAC address; write 02:00:00:00:00:01")
    return int(re.sub("[:-]", "", text), 16)


class ByCaptureInterface:
    """By the pcapng interface that a packet was captured on; from others to `default`.

    `interfaces` are pairs of a name or a number, which counts from 0 in each section, and a
    sw_if_index. The name decides where both are given.
    """

    def __init__(self, interfaces: Sequence[tuple[str | int, int]], default: int) -> None:
        self.default = default
        self._given: dict[str | int, int] = {}
        for label, sw_if_index in interfaces:
            if self._given.setdefault(label, sw_if_index) != sw_if_index:
                raise ScenarioError(
                    f"capture interface {label} enters interfaces {self._given[label]} and "
                    f"{sw_if_index}; give it to one of them"
                )
        self._met: set[str | int] = set()
        self._seen: dict[str, None] = {}

    def assign(self, batch: RawBatch, columns: Columns) -> NDArray[np.int64]:
        """The interface of each packet. CaptureError where the format knows of none."""
        if batch.interface is None:
            raise CaptureError(NO_INTERFACES)
        counts = np.bincount(batch.interface, minlength=len(batch.interface_names))
        rx_of = np.full(len(counts), self.default, dtype=np.int64)
        for number in np.flatnonzero(counts).tolist():
            name = batch.interface_names[number]
            self._seen[name or str(number)] = None
            label = name if name in self._given else number
            if label in self._given:
                rx_of[number] = self._given[label]
                self._met.add(label)
        return rx_of[batch.interface]

    def unmatched(self) -> list[str]:
        """The interfaces that no packet was captured on."""
        seen = ", ".join(self._seen)
        return [
            f"capture interface {label} (the capture has {seen})"
            for label in self._given
            if label not in self._met
        ]


class ByCapture:
    """By the capture that a packet is in: `rx_of` has the sw_if_index of each."""

    def __init__(self, rx_of: Sequence[int]) -> None:
        self._rx_of = tuple(rx_of)

    def assign(self, batch: RawBatch, columns: Columns) -> NDArray[np.int64]:
        """One interface for the whole batch."""
        return np.full(len(batch), self._rx_of[batch.capture], dtype=np.int64)

    def unmatched(self) -> list[str]:
        """Nothing: a capture without packets is no mistake."""
        return []
