"""How many examples of a property are tried."""

from __future__ import annotations

from hypothesis import settings

#: Of the examples of `make test-long`, and of a round of `make test-seeds`, which draws others each
#: time, `make test` tries so many in a hundred, and always the same.
SHARE = 25


def examples(most: int) -> settings:
    """For a property that has so many in a round; what sets none has hypothesis's hundred."""
    return settings(max_examples=-(-most * settings.default.max_examples // 100))
