"""Errors for the person at the prompt: what was asked, what is there, what would be right.

A leaf: every package may import this one, and it imports none.
"""

from collections.abc import Iterable


class AclbenchError(Exception):
    """Anything that aclbench refuses or cannot do; its text is one message for a person."""


class CommandError(AclbenchError):
    """A command that was not understood or was refused; the state is unchanged."""


class CaptureError(AclbenchError):
    """A capture that cannot be read, or not further; names the file and the byte offset."""


class SynthError(AclbenchError):
    """Traffic that cannot be made as asked; names the option and what would be right."""


class RunFileError(AclbenchError):
    """A run file that cannot be read, or not be continued; names the file and the line."""


class DamagedRunError(RunFileError):
    """A run file that is none, or has a line that cannot be."""


class ScenarioError(AclbenchError):
    """A scenario with a wrong key or value; names the file and the place."""


class ThreadError(AclbenchError):
    """A thread of a threaded run failed: which, and what it was doing. Its cause is the error."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean deleted?`, of the names that are nearly the word; else all names there are."""
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(word[:40], names, 3)
    if close:
        *others, last = close
        return f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?"
    return f"there is {', '.join(names)}"
