"""The whole story of what is on a screen: what it is, what it went through, what comes next.

A story is a frozen value, found in slices. On the way whoever shows it is handed what is known so
far, ever more; the last, which is returned, has `complete` set. What is past is made again on rigs
of its own (see `inquiry.stretches`): the bench stays where it is.
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
    Rest,
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
    "Rest",
    "SessionStory",
    "Story",
    "field_story",
    "list_story",
    "session_story",
    "story_text",
]
