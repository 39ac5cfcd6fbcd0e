"""Columns: as VPP's formatter makes them, and of our own tables."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct


class LongText(Struct, frozen=True):
    """Lines that are printed as they are made, since there may be very many of them."""

    lines: Iterator[str]


def centred(text: str, width: int) -> str:
    """VPP's `%=10s`: the odd blank goes before."""
    blanks = max(width - len(text), 0)
    return " " * ((blanks + 1) // 2) + text + " " * (blanks // 2)


def table_lines(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Columns as wide as what stands in them."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]
