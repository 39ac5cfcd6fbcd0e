"""Columns as VPP's formatter makes them."""

from __future__ import annotations


def centred(text: str, width: int) -> str:
    """VPP's `%=10s`: the odd blank goes before."""
    blanks = max(width - len(text), 0)
    return " " * ((blanks + 1) // 2) + text + " " * (blanks // 2)
