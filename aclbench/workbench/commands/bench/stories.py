"""The whole story of a session, a field or a list; and sessions searched and sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aclbench.drivers.driver import actor_name
from aclbench.engine import reading
from aclbench.engine.reading import SESSION_FIELDS
from aclbench.engine.session import SessionId
from aclbench.engine.timeouts import TIMEOUT_NAMES
from aclbench.engine.worker import Worker
from aclbench.errors import CommandError
from aclbench.workbench.commands.bench.looking import MAX_ROWS
from aclbench.workbench.commands.columns import table_lines
from aclbench.workbench.grammar import (
    ArgumentError,
    ArgumentType,
    Candidate,
    Command,
    ParsedCommand,
)
from aclbench.workbench.inquiry.find_sessions import (
    ORDERS,
    FoundSessions,
    Order,
    find_sessions,
    known_words,
    read_wanted,
)
from aclbench.workbench.inquiry.stories import (
    Story,
    field_story,
    list_story,
    session_story,
    story_text,
)
from aclbench.workbench.inquiry.stories.meanings import CLEANER_FIELDS, WORKER_FIELDS, Meaning
from aclbench.workbench.inquiry.stories.schedule import since_text
from aclbench.workbench.views.events import seconds_text
from aclbench.workbench.views.snapshot import SessionView, key_text

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

_T = TypeVar("_T")

#: Sessions that `sessions` shows unless told otherwise.
DEFAULT_SESSIONS: Final = 20
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

    for part in context.driver.at_safe_points(make):
        yield from part


def _field_type(name: str, about: str, fields: dict[str, str]) -> ArgumentType:
    """A type for the fields of one kind of row."""

    def parse(text: str, context: Any) -> str:
        if text not in fields:
            raise ArgumentError(f"{text[:64]}: not a field; there is {', '.join(fields)}")
        return text

    def complete(prefix: str, context: Any) -> Iterable[Candidate]:
        return [Candidate(field, what) for field, what in fields.items()]

    return ArgumentType(name, about, parse, complete)


def _whats(meanings: dict[str, Meaning]) -> dict[str, str]:
    return {name: meaning.what for name, meaning in meanings.items()}


def _parse_wanted(text: str, context: Any) -> str:
    try:
        read_wanted(context, text)
    except CommandError as error:
        raise ArgumentError(str(error)) from None
    return text


def _complete_wanted(prefix: str, context: Any) -> Iterable[Candidate]:
    return [Candidate(word, about) for word, about in known_words(context).items()]


TYPES: Final = (
    ArgumentType(
        "session-id", "a session by thread and index: 1/5", _parse_session, _complete_session
    ),
    _field_type("cleaner-field", "a field of the cleaner", _whats(CLEANER_FIELDS)),
    _field_type("worker-field", "a field of a worker", _whats(WORKER_FIELDS)),
    _field_type("session-field", "a field of a session", dict.fromkeys(SESSION_FIELDS, "")),
    ArgumentType(
        "session-word",
        "an address, a prefix, :port, a protocol, class, interface or worker",
        _parse_wanted,
        _complete_wanted,
    ),
)

# --- stories ------------------------------------------------------------------------------------


def _last(values: Iterator[_T]) -> _T:
    """The last of some values, of which there is at least one."""
    last = next(values)
    for last in values:  # noqa: B007 (the rest is of no interest)
        pass
    return last


def _session(bench: Workbench, parsed: ParsedCommand) -> Story:
    return _last(session_story(bench, *parsed.arguments["session"]))


def _field(bench: Workbench, parsed: ParsedCommand) -> Story:
    arguments = parsed.arguments
    row = "cleaner"
    if "session" in arguments:
        row = "session {}/{}".format(*arguments["session"])
    elif "worker" in arguments:
        row = actor_name(arguments["worker"])
    return _last(field_story(bench, row, arguments["field"]))


def _list(bench: Workbench, parsed: ParsedCommand) -> Story:
    list_id = next(n for n, name in enumerate(TIMEOUT_NAMES) if name in parsed.words)
    return _last(list_story(bench, parsed.arguments["worker"], list_id))


Tell = Callable[["Workbench", ParsedCommand], Story]


def _text_of(tell: Tell) -> Callable[[Workbench, ParsedCommand], str]:
    def handler(bench: Workbench, parsed: ParsedCommand) -> str:
        return "\n".join(story_text(tell(bench, parsed), bench.started))

    return handler


def _data_of(tell: Tell) -> Callable[[Workbench, ParsedCommand], dict[str, Any]]:
    def handler(bench: Workbench, parsed: ParsedCommand) -> dict[str, Any]:
        return tell(bench, parsed).to_json()

    return handler


# --- sessions -----------------------------------------------------------------------------------


def _found(bench: Workbench, parsed: ParsedCommand) -> FoundSessions:
    order: Order = next((order for order in ORDERS if order in parsed.words), "connection")
    count = parsed.arguments.get("rows", DEFAULT_SESSIONS)
    return _last(find_sessions(bench, " ".join(parsed.arguments["wanted"]), order, count))


def sessions(bench: Workbench, parsed: ParsedCommand) -> str:
    """The sessions that are wanted, a row each."""
    found = _found(bench, parsed)
    if not found.sessions:
        return f"no such session; {found.looked_at:,} live ones were looked at"
    head = ("session", "connection", "on", "class", "idle", "check due", "expires")
    lines = table_lines(head, [_row(bench, view) for view in found.sessions])
    lines.append(_how_many(found))
    return "\n".join(lines)


def sessions_data(bench: Workbench, parsed: ParsedCommand) -> dict[str, Any]:
    """The same as plain values."""
    return _found(bench, parsed).to_json()


def _row(bench: Workbench, view: SessionView) -> tuple[str, ...]:
    return (
        f"{view.thread_index}/{view.session_index}",
        view.connection,
        bench.interface_name(view.sw_if_index),
        TIMEOUT_NAMES[view.timeout_class],
        seconds_text(max(view.idle, 0)),
        since_text(view.check_due, bench.started),
        since_text(view.expires, bench.started),
    )


def _how_many(found: FoundSessions) -> str:
    shown = len(found.sessions)
    text = f"({shown:,} of {found.matched:,} that match, of {found.looked_at:,} live ones"
    more = f"; `last N` shows up to {MAX_ROWS:,}" if shown < found.matched else ""
    return f"{text}{more})"


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
        f"story list <worker> ({'|'.join(TIMEOUT_NAMES)})",
        _list,
        "a list's ends, what the next interrupt takes of it, and what happened on it",
        "",
    ),
)
COMMANDS: Final = (
    *(
        Command(syntax, _text_of(tell), summary, details, GROUP, changes=False, data=_data_of(tell))
        for syntax, tell, summary, details in _STORIES
    ),
    Command(
        f"sessions [by ({'|'.join(ORDERS)})] [last <rows>] {{<session-word:wanted>}}",
        sessions,
        "live sessions that match all words, sorted, 20 unless told",
        "Words: 10.0.0.2, 10.0.0.0/24, :80, tcp, a class, an interface, a worker, or a part of\n"
        "the connection. By connection, the longest idle, the soonest due for its check or to\n"
        "expire, the last linked, or the worker.",
        GROUP,
        changes=False,
        data=sessions_data,
    ),
)
