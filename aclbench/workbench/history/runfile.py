"""Run files: a run that can be sent to someone and continued there.

Text, a JSON value a line. The first is the header: the format's version, how the bench was made,
its scenario, its captures by content hash. Every other line is a list, its kind first: on request
the captures' bytes; a branch with its name, its parent and how many inputs they share, then its own
inputs (`rig.inputs`); and last where the bench stood.

The same lines, written as they come, are the record that outlives a crash (`recorder.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, Literal, NamedTuple

from msgspec import Meta, Struct, field, structs
from msgspec.structs import replace

from aclbench.designs import design_named
from aclbench.documents import DocumentError, JsonReader, shown, to_json
from aclbench.engine.design import FIFO_2017
from aclbench.engine.timeouts import NEVER
from aclbench.errors import AclbenchError, CaptureError, DamagedRunError, RunFileError
from aclbench.files import opening, reason, unwritable, writing_whole
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.history.captures import (
    Found,
    SavedCapture,
    recorded_capture,
    saved_captures,
)
from aclbench.workbench.history.history import History, check_name
from aclbench.workbench.rig.inputs import Cli, Inject, Op, Point, Run, Steps
from aclbench.workbench.rig.rig import Rig
from aclbench.workbench.rig.scenario import Placement, Scenario, Workers
from aclbench.workbench.rig.start import Start
from aclbench.workbench.tasks import Progress, Slices

VERSION: Final = 4
SUFFIX: Final = ".run"
#: A line longer than this is not one of ours; the first tells of no more than a scenario.
MAX_LINE_BYTES: Final = 64 << 20
MAX_HEADER_BYTES: Final = 16 << 20
#: Bytes of a capture in one line.
PACKED_BYTES: Final = 192 << 10
#: Inputs that branches share with their parents, in all: each branch has them in a list of its own.
MAX_SHARED: Final = 5_000_000
#: What is written in one slice, in characters; a line may be longer.
SLICE_CHARS: Final = 64 << 10
#: Lines that are read in one slice.
SLICE_LINES: Final = 1024


# --- the lines ------------------------------------------------------------------------------


class SavedStart(Struct, forbid_unknown_fields=True, frozen=True):
    """How the rig was made; a run with a history is stepped."""

    workers: Workers
    placement: Placement
    order: Literal["fair", "random"]
    seed: int
    frame_size: Annotated[int, Meta(ge=1)]
    design: str = FIFO_2017.name


class Header(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The first line. The scenario's captures stand beside it."""

    version: int = field(name="aclbench-run")
    step_table: int = field(name="step-table")
    start: SavedStart
    scenario: Scenario | None = None
    captures: tuple[SavedCapture, ...] = ()


class _Mark(Struct):
    """What tells a run file from other JSON, and its version from others."""

    version: Any = field(name="aclbench-run")
    step_table: Any = field(name="step-table", default=None)
    start: Any = None


class _Row(Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A line behind the header."""


class PackedRow(_Row, tag="packed", frozen=True):
    """Some of the bytes of a capture that came along."""

    content: bytes


class BranchRow(_Row, tag="branch", frozen=True):
    """A branch begins behind so many inputs of its parent; its own follow."""

    name: str
    parent: str
    shared: int


class SwitchRow(_Row, tag="switch", frozen=True):
    """Another branch goes on."""

    name: str


class CurrentRow(_Row, tag="current", frozen=True):
    """Where the bench stood: a branch, and a point on it."""

    name: str
    at: Point


Row = BranchRow | SwitchRow | CurrentRow | Cli | Inject | Run | Steps


# --- writing --------------------------------------------------------------------------------


def saving(history: History, path: Path, with_captures: bool = False) -> Slices[None]:
    """Write a whole history; atomically, so that a full disk leaves the old file. RunFileError.

    It is written as it is now, also if the bench goes on between two slices.
    """
    if "\0" in str(path):
        raise RunFileError(f"{str(path)!r}: not the name of a file")
    branches = {name: branch.frozen() for name, branch in history.branches.items()}
    current = to_json(CurrentRow(history.branch.name, history.cursor))
    rig = history.here.rig
    _check_captures(rig)
    paths = rig.scenario.captures if rig.scenario is not None else ()
    captures = yield from saved_captures(paths, with_captures)
    header = _header_line(rig, [capture.capture for capture in captures])
    pieces = chain(
        in_pieces((header,)),
        *(_packed_lines(capture.content) for capture in captures),
        in_pieces(chain(branch_lines(branches), (current,))),
    )
    with unwritable(path, RunFileError):
        for _ in writing_whole(path, pieces):
            yield None


def record_header(rig: Rig) -> str:
    """How the rig was made, as the first line of a record. RunFileError."""
    _check_captures(rig)
    captures = rig.scenario.captures if rig.scenario is not None else ()
    return _header_line(rig, [recorded_capture(path) for path in captures])


def _check_captures(rig: Rig) -> None:
    if rig.feed is not None:
        try:
            rig.feed.check_captures()
        except CaptureError as error:
            raise RunFileError(str(error)) from None


def _header_line(rig: Rig, captures: Sequence[SavedCapture]) -> str:
    """How the rig was made, as one line."""
    start, scenario = rig.start, rig.scenario
    header = Header(
        version=VERSION,
        step_table=rig.machine.design.step_table,
        start=SavedStart(
            start.workers,
            start.placement,
            rig.stepped.order,
            start.seed,
            start.frame_size,
            start.design.name,
        ),
        scenario=None if scenario is None else replace(scenario, captures=()),
        captures=tuple(captures),
    )
    line = to_json(header)
    if len(line.encode("utf-8", "surrogateescape")) >= MAX_HEADER_BYTES:
        raise RunFileError("the scenario is too large to be saved with a run")
    return line


def _packed_lines(content: bytes) -> Iterator[bytes]:
    """What is brought along of a capture, as the pieces of a file."""
    for begin in range(0, len(content), PACKED_BYTES):
        yield f"{to_json(PackedRow(content[begin : begin + PACKED_BYTES]))}\n".encode()


def in_pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines as the pieces of a file."""
    piece: list[str] = []
    chars = 0
    for line in lines:
        piece += line, "\n"
        chars += len(line)
        if chars >= SLICE_CHARS:
            yield "".join(piece).encode()
            piece.clear()
            chars = 0
    yield "".join(piece).encode()


def branch_lines(branches: Mapping[str, Branch]) -> Iterator[str]:
    """Each branch: how much it shares with its parent, then its own inputs."""
    for branch in branches.values():
        shared = branch.shared_with(branches[branch.parent]) if branch.parent else 0
        yield to_json(BranchRow(branch.name, branch.parent, shared))
        yield from map(to_json, islice(branch.ops, shared, None))


# --- reading --------------------------------------------------------------------------------


class Recorded(NamedTuple):
    """The branches of a run file, the current one, and where the bench stood on it.

    Their inputs are read, not yet performed.
    """

    branches: dict[str, Branch]
    current: Branch
    at: Point
    #: The line that each input, or branch, stands in, by its identity.
    lines: dict[int, int]


class RunFileReader:
    """Reads a run file: its header, then its branches once there is a rig to begin from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._lines: Iterator[tuple[int, bytes]] = iter(())
        self._branches: dict[str, Branch] = {}
        self._numbers: dict[int, int] = {}
        self._shared = 0
        self._current: Branch | None = None
        self._at: Point | None = None

    def header(self) -> Slices[tuple[Start, Scenario | None]]:
        """How the bench is made that the file is of, its captures found again. RunFileError."""
        try:
            self._file = yield from opening(self.path, pipes=True)
        except (OSError, ValueError) as error:
            raise RunFileError(f"{str(self.path)[:256]}: {reason(error)}") from None
        self._lines = self._read_lines(self._file)
        _, line = next(self._lines, (1, b""))
        try:
            mark = JsonReader(_Mark).read(line)
        except DocumentError:
            raise DamagedRunError(f"{self.path}: not a run file; `save` writes them") from None
        if mark.version != VERSION:
            raise RunFileError(
                f"{self.path}: a run file of version {shown(mark.version)}; this aclbench "
                f"reads version {VERSION}: use the one that saved it, and save its commands"
            )
        try:
            named = mark.start.get("design", FIFO_2017.name) if isinstance(mark.start, dict) else ""
            design = design_named(named)
            if mark.step_table != design.step_table:
                raise RunFileError(
                    f"{self.path}: its positions count the steps of another step table than number "
                    f"{design.step_table}: use the aclbench that saved it, and save its commands"
                )
            header = JsonReader(Header, {Path: Path}).read(line)
        except RunFileError:
            raise
        except (DocumentError, AclbenchError) as error:
            raise self.error(1, str(error)) from None
        start = Start(**structs.asdict(header.start) | {"design": design})
        if header.scenario is None:
            return start, None
        if header.scenario.rx and len(header.scenario.rx) != len(header.captures):
            raise self.error(1, "a scenario with captures that enter nowhere")
        found = Found(self.path)
        paths = yield from found.paths(header.captures, self._packed)
        scenario = replace(header.scenario, captures=paths)
        found.hold(scenario)
        return start, scenario

    def _packed(self, capture: SavedCapture) -> Iterator[bytes]:
        """What came along of a capture. RunFileError: the lines are not what it says."""
        reader, left = JsonReader(PackedRow), capture.packed_bytes
        while left > 0:
            number, line = next(self._lines, (1, b""))
            try:
                content = reader.read(line).content
            except DocumentError as error:
                raise self.error(number, f"not the bytes of a capture: {error}") from None
            left -= len(content)
            if not content or left < 0:
                raise self.error(number, "not the bytes of a capture, as long as it says")
            yield content

    def branches(self, begin: Point) -> Slices[Recorded]:
        """All branches of a run that began at a point. RunFileError."""
        reader: JsonReader[Any] = JsonReader(Row)  # type: ignore[arg-type]
        for number, line in self._lines:
            try:
                row = reader.read(line)
            except DocumentError as error:
                if len(line) == MAX_LINE_BYTES:
                    long = f"longer than {MAX_LINE_BYTES >> 20} MB"
                    raise self.error(number, long) from None
                if not line.endswith(b"\n"):
                    break  # the process that wrote it ended in the middle of the line
                raise self.error(number, str(error)) from None
            try:
                self._take(begin, number, row)
            except (AclbenchError, ValueError) as error:
                raise self.error(number, str(error)) from None
            if not number % SLICE_LINES:
                yield Progress(number, unit="lines read")
        current = self._current if self._current is not None else self._first("main", begin)
        return Recorded(self._branches, current, self._at or current.open_end, self._numbers)

    def _take(self, begin: Point, number: int, row: Any) -> None:
        """What one line says."""
        if isinstance(row, BranchRow):
            self._numbers[id(self._begin_branch(begin, row))] = number
            return
        current = self._current or self._first("main", begin)
        if isinstance(row, SwitchRow):
            self._current = self._find(row.name)
        elif isinstance(row, CurrentRow):
            self._current = self._find(row.name)
            if not 0 <= row.at.op <= len(self._current.ops) or min(row.at.position) < 0:
                raise ValueError("a place that is not in the run")
            self._at = row.at
        else:
            self._append(current, row)
            self._numbers[id(row)] = number

    def _append(self, branch: Branch, op: Op) -> None:
        """An input goes behind the last one."""
        position, time = branch.end[1:]
        if isinstance(op, Run | Steps):
            if not 0 <= op.time < NEVER or op.time < time:
                raise ValueError("a time that cannot be")
            position, time = op.position, op.time
        branch.append(op, position, time)

    def _first(self, name: str, begin: Point) -> Branch:
        self._current = self._branches[name] = Branch(name, [begin])
        return self._current

    def _begin_branch(self, begin: Point, row: BranchRow) -> Branch:
        """A branch leaves its parent behind so many inputs."""
        if not row.parent:
            if self._branches:
                raise ValueError("a second first branch")
            return self._first(row.name, begin)
        check_name(row.name, self._branches)
        origin = self._find(row.parent)
        if not 0 <= row.shared <= len(origin.ops):
            raise ValueError("a branch that shares more than there is")
        self._shared += row.shared
        if self._shared > MAX_SHARED:
            raise ValueError(f"branches that share more than {MAX_SHARED:,} inputs in all")
        starts, ops = origin.starts[: row.shared + 1], origin.ops[: row.shared]
        self._current = Branch(row.name, starts, ops, parent=row.parent)
        self._branches[row.name] = self._current
        return self._current

    def _find(self, name: str) -> Branch:
        if name not in self._branches:
            raise ValueError(f"there is no branch {name}")
        return self._branches[name]

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _read_lines(self, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
        """The lines, with their numbers."""
        try:
            yield 1, file.readline(MAX_HEADER_BYTES)
            yield from enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b""), 2)
        except OSError as error:
            raise RunFileError(f"{self.path}: {error.strerror}") from None

    def error(self, number: int, what: str) -> DamagedRunError:
        """What is wrong, with the file and the line."""
        return DamagedRunError(f"{self.path}: line {number}: {what}")
