"""A new lesson: a commented file that is in order, to be changed bit by bit."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aclbench.files import unwritable, write_whole
from aclbench.tutor.lesson import LessonError

TEMPLATE: Final = '''\
# A lesson of aclbench. `aclbench learn check THIS_FILE` says what is wrong with it.
title = "A title in a line"
aim = "What the reader can explain and predict in the end."
know = ["what a firewall rule is"]          # to know first; may be empty
minutes = 5
# The functions of the engine that do what is shown, at least one.
source = ["aclbench.engine.sessions:Sessions.add_session"]

# The bench: `scenario = "aging"` for a bundled one, `scenario = "mine.toml"` for a file beside this
# one, or described here. Every line is one that could be typed.
[bench]
workers = 1
cli = """
create packet-generator interface pg0
create packet-generator interface pg1
set interface state pg0 up
set interface state pg1 up
set interface ip address pg0 10.0.0.1/24
set interface ip address pg1 192.168.0.1/24
set acl-plugin acl permit+reflect src 10.0.0.0/24
set acl-plugin acl deny
set acl-plugin interface pg0 input acl 0
set acl-plugin interface pg0 output acl 1
"""

# Steps of four kinds. Each may have `set_up` (lines that are run as it is entered) and
# `fresh = true` (it begins on a new bench).
[[steps]]
kind = "read"
text = """
Markdown. Introduce every name before a step needs it.
"""

# A prediction: `run` is run, and the option that is then true was the right one. Exactly one has to
# be. "Not sure" is added. In `why`, {braces} hold what the bench is asked afterwards.
[[steps]]
kind = "predict"
question = "A packet enters pg0. How many sessions will there be?"
run = ["send pg0 udp 10.0.0.2:5353 > 192.168.0.2:53"]
options = [
  { label = "none", when = "sessions.live == 0" },
  { label = "one", when = "sessions.live == 1" },
  { label = "two, one for each direction", when = "sessions.live == 2" },
]
why = "Sessions there are now: {sessions.live}. One serves both directions."

# An experiment: lines that are run, and where to look then.
[[steps]]
kind = "experiment"
text = "Send the answer."
run = ["send pg1 udp 192.168.0.2:53 > 10.0.0.2:5353"]
look = { text = "Its fate was {latest(packet).fate}.", at = "session 1/0" }

# A task: every part of the goal has to be true at once. Three hints, a solution, at least one other
# solution, and at least two near misses with words of the message that they get.
[[steps]]
kind = "task"
text = "Have a second session opened, by a new connection from inside."
parts = [
  { when = "happened(added)", missing = "no session was opened since this step began" },
  { when = "sessions.live == 2", missing = "there are {sessions.live} sessions, not 2" },
]
hints = [
  { text = "What opened the first one?" },
  { text = "A packet into pg0 whose ports are new." },
  { text = "This does it.", run = ["send pg0 udp 10.0.0.2:5354 > 192.168.0.2:53"] },
]
solution = ["send pg0 udp 10.0.0.2:5354 > 192.168.0.2:53"]
others = [["send pg0 tcp 10.0.0.2:40000 > 192.168.0.2:80 S"]]
near = [
  { run = ["send pg0 udp 10.0.0.2:5353 > 192.168.0.2:53"], says = "no session was opened" },
  { run = ["send pg1 udp 192.168.0.2:54 > 10.0.0.2:5353"], says = "there are 1 sessions" },
]
'''


def new_lesson(path: Path, force: bool = False) -> None:
    """Write the template to a file. Raises LessonError as `write_document`."""
    if path.suffix != ".toml":
        raise LessonError(f"{path}: a lesson's file ends in .toml: {path.stem or 'mine'}.toml")
    write_document(path, TEMPLATE, force)


def write_document(path: Path, text: str, force: bool, how: str = "--force") -> None:
    """Write a lesson's file. LessonError: it is there already, unless by `force`, or cannot be.

    `how` is what gives `force`.
    """
    with unwritable(path, LessonError, how):
        write_whole(path, text, over=force)
