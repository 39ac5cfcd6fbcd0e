"""The whole story of what is on a screen: what it is, what it went through, what comes next.

A story is told as a run of frozen values, each more complete than the one before: a face shows the
first at once and takes the next ones in its idle time. The last has `complete` set. What is past is
made again by an excursion (see `workbench.excursion`), so the bench stands where it stood.
"""

from aclbench.workbench.inquiry.stories.fields import field_story
from aclbench.workbench.inquiry.stories.lists import list_story
from aclbench.workbench.inquiry.stories.sessions import session_story
from aclbench.workbench.inquiry.stories.text import story_text
from aclbench.workbench.inquiry.stories.values import (
    FieldLine,
    FieldStory,
    ListStory,
    NextCheck,
    NextInList,
    PastEvent,
    PastWriter,
    SessionStory,
    Story,
)

__all__ = [
    "FieldLine",
    "FieldStory",
    "ListStory",
    "NextCheck",
    "NextInList",
    "PastEvent",
    "PastWriter",
    "SessionStory",
    "Story",
    "field_story",
    "list_story",
    "session_story",
    "story_text",
]
