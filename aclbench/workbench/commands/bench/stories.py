"""The whole story of a session, a field or a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.reading import SESSION_FIELDS
from aclbench.engine.session import SessionId
from aclbench.engine.worker import Worker
from aclbench.workbench.bench import Bench
from aclbench.workbench.commands.types import rig_of
from aclbench.workbench.grammar import (
    ArgumentError,
    ArgumentType,
    Candidate,
    Command,
    ParsedCommand,
)
from aclbench.workbench.tasks import Slices
from aclbench.workbench.views.keys import key_text

if TYPE_CHECKING:  # what tells stories is imported when one is asked for
    from aclbench.workbench.inquiry.stories import Story

#: Slots that are looked at for completion, and candidates that it names.
_SLOTS_LOOKED_AT: Final = 2000
_CANDIDATES: Final = 100

# --- arguments ----------------------------------------------------------------------------------


def _parse_session(text: str, context: Any) -> SessionId:
    thread, slash, index = text.partition("/")
    if not (slash and thread.isdecimal() and index.isdecimal() and len(text) < 20):
        raise ArgumentError(f"{text[:32]} is no session: thread and index name one, such as 1/5")
    return SessionId(int(thread), int(index))


def _complete_session(prefix: str, context: Any) -> Iterable[Candidate]:
    """Live sessions, the first of each worker."""

    def make(worker: Worker, now: int) -> list[Candidate]:
        found = []
        for session in reading.sessions_in(worker, 0, _SLOTS_LOOKED_AT):
            name = f"{session.thread_index}/{session.session_index}"
            if name.startswith(prefix):
                found.append(Candidate(name, key_text(session.key)))
            if len(found) == _CANDIDATES:
                break
        return found

    for part in rig_of(context).driver.at_safe_points(make):
        yield from part


def _field_type(name: str, about: str, find: Callable[[], dict[str, str]]) -> ArgumentType:
    """A type for the fields of one kind of row."""

    def parse(text: str, context: Any) -> str:
        if text not in (fields := find()):
            raise ArgumentError(f"{text[:64]}: not a field; there is {', '.join(fields)}")
        return text

    def complete(prefix: str, context: Any) -> Iterable[Candidate]:
        return [Candidate(field, what) for field, what in find().items()]

    return ArgumentType(name, about, parse, complete)


def _cleaner_fields() -> dict[str, str]:
    from aclbench.workbench.inquiry.stories.meanings import CLEANER_FIELDS

    return {name: meaning.what for name, meaning in CLEANER_FIELDS.items()}


def _worker_fields() -> dict[str, str]:
    from aclbench.workbench.inquiry.stories.meanings import WORKER_FIELDS

    return {name: meaning.what for name, meaning in WORKER_FIELDS.items()}


def _session_fields() -> dict[str, str]:
    return dict.fromkeys(SESSION_FIELDS, "")


TYPES: Final = (
    ArgumentType(
        "session-id", "a session by thread and index: 1/5", _parse_session, _complete_session
    ),
    _field_type("cleaner-field", "a field of the cleaner", _cleaner_fields),
    _field_type("worker-field", "a field of a worker", _worker_fields),
    _field_type("session-field", "a field of a session", _session_fields),
)

# --- stories ------------------------------------------------------------------------------------


def _session(bench: Bench, parsed: ParsedCommand) -> Slices[Story]:
    from aclbench.workbench.inquiry.stories import session_story

    return session_story(bench, *parsed.arguments["session"])


def _field(bench: Bench, parsed: ParsedCommand) -> Slices[Story]:
    from aclbench.workbench.inquiry.stories import field_story

    arguments = parsed.arguments
    row = "cleaner"
    if "session" in arguments:
        row = "session {}/{}".format(*arguments["session"])
    elif "worker" in arguments:
        row = actor_name(arguments["worker"])
    return field_story(bench, row, arguments["field"])


def _list(bench: Bench, parsed: ParsedCommand) -> Slices[Story]:
    from aclbench.workbench.inquiry.stories import list_story

    return list_story(bench, parsed.arguments["worker"], parsed.arguments["list"])


Tell = Callable[[Bench, ParsedCommand], Slices["Story"]]


def _text_of(tell: Tell) -> Callable[[Bench, ParsedCommand], Slices[str]]:
    def handler(bench: Bench, parsed: ParsedCommand) -> Slices[str]:
        from aclbench.workbench.inquiry.stories import story_text

        return "\n".join(story_text((yield from tell(bench, parsed)), bench.rig.clock))

    return handler


def _data_of(tell: Tell) -> Callable[[Bench, ParsedCommand], Slices[dict[str, Any]]]:
    def handler(bench: Bench, parsed: ParsedCommand) -> Slices[dict[str, Any]]:
        return (yield from tell(bench, parsed)).to_json()

    return handler


GROUP: Final = "looking"
_STORIES: Final[tuple[tuple[str, Tell, str, str], ...]] = (
    (
        "story session <session-id:session>",
        _session,
        "a session's fields, what comes next for it, and all that happened to it",
        "Of a free slot, the story of the last session that had it.",
    ),
    (
        "story field ((cleaner <cleaner-field:field>)|(<worker> <worker-field:field>)|"
        "(session <session-id:session> <session-field:field>))",
        _field,
        "a field's value and meaning, who wrote it last, and who before that",
        "",
    ),
    (
        "story list <worker> <list>",
        _list,
        "a list's ends, what the next interrupt takes of it, and what happened on it",
        "",
    ),
)
COMMANDS: Final = tuple(
    Command(syntax, _text_of(tell), summary, details, GROUP, changes=False, data=_data_of(tell))
    for syntax, tell, summary, details in _STORIES
)
