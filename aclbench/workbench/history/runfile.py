"""Run files: a run that can be sent to someone and continued there.

Text, a JSON value a line. The first is the header: the format's version, how the bench was made,
its scenario, its captures by content hash (with their bytes on request). Then for each branch a
line with its name, its parent and how many inputs they share, and a line for each of its own.

The same lines, written as they come, are the record that outlives a crash (`Recorder`).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from aclbench.engine.steps import STEP_TABLE
from aclbench.engine.timeouts import NEVER
from aclbench.errors import AclbenchError, CaptureError, RunFileError
from aclbench.files import write_whole
from aclbench.workbench.history.branch import Branch
from aclbench.workbench.rig.inputs import Op, Point, Run, Steps, op_from_json, op_to_json
from aclbench.workbench.rig.scenario import InterfaceSpec, Scenario, TimedLine

if TYPE_CHECKING:
    from aclbench.workbench.workbench import Workbench

    Bench = TypeVar("Bench", bound=Workbench)

VERSION: Final = 2
SUFFIX: Final = ".run"
#: A line longer than this is not one of ours.
MAX_LINE_BYTES: Final = 256 << 20
#: Captures that a run file brings along are at most so large, unpacked.
MAX_CAPTURE_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a run file, checked."""

    start: dict[str, Any]
    scenario: Scenario | None


# --- writing --------------------------------------------------------------------------------


def save_run(bench: Workbench, path: Path, with_captures: bool = False) -> None:
    """Write a bench's whole history; atomically, so that a full disk leaves the old file."""
    history = bench.past
    lines = [header_line(bench, with_captures)]
    for branch in history.branches.values():
        lines += branch_lines(branch, history.branches.get(branch.parent))
    lines.append(json.dumps({"current": history.branch.name, "at": _point(history.cursor)}))
    try:
        write_whole(path, "".join(line + "\n" for line in lines))
    except OSError as error:
        raise RunFileError(f"{path}: cannot be written: {error.strerror}") from None


def header_line(bench: Workbench, with_captures: bool) -> str:
    """How the bench was made, as one line."""
    scenario = bench.scenario
    if bench.feed is not None:
        try:
            bench.feed.check_captures()
        except CaptureError as error:
            raise RunFileError(str(error)) from None
    header: dict[str, Any] = {
        "aclbench-run": VERSION,
        "step-table": STEP_TABLE,
        "start": bench.start._asdict(),
    }
    if scenario is not None:
        shown = asdict(scenario)
        shown["captures"] = [_capture(path, with_captures) for path in scenario.captures]
        header["scenario"] = shown
    return json.dumps(header)


def branch_lines(branch: Branch, parent: Branch | None) -> list[str]:
    """A branch: what it shares with its parent, then its own inputs."""
    shared = 0
    if parent is not None:
        for ours, theirs in zip(branch.ops, parent.ops, strict=False):
            if ours != theirs:
                break
            shared += 1
    head = {"branch": branch.name, "parent": branch.parent, "shared": shared}
    return [json.dumps(head), *(json.dumps(op_to_json(op)) for op in branch.ops[shared:])]


def _capture(path: Path, with_bytes: bool) -> dict[str, Any]:
    """A capture by name, size and content hash."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None
    found = {
        "path": str(path.resolve()),
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    if with_bytes:
        found["gzip"] = base64.b64encode(gzip.compress(content, mtime=0)).decode()
    return found


def _point(point: Point) -> list[Any]:
    return [point.op, list(point.position), point.time]


# --- reading --------------------------------------------------------------------------------


def load_run(path: Path, make: type[Bench]) -> Bench:
    """A bench with the history of a run file, standing where it was saved."""
    reader = _Reader(path)
    bench = reader.bench(make)
    history = bench.past
    for number, row in reader.rows:
        try:
            reader.take(bench, row)
        except RunFileError:
            raise
        except (AclbenchError, ValueError, KeyError, TypeError, IndexError) as error:
            raise reader.error(number, str(error) or type(error).__name__) from None
    history.cursor = history.branch.lasting_end
    if reader.cursor is not None:
        bench.goto(reader.cursor)
    return bench


class _Reader:
    """Reads a run file line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cursor: Point | None = None
        self.rows = self._rows()

    def bench(self, make: type[Bench]) -> Bench:
        """The bench that the header describes, at its start."""
        _, header = next(self.rows, (1, None))
        if not isinstance(header, dict) or "aclbench-run" not in header:
            raise RunFileError(f"{self.path}: not a run file; `save` writes them")
        if header["aclbench-run"] != VERSION:
            raise RunFileError(
                f"{self.path}: a run file of version {header['aclbench-run']!r}; this aclbench "
                f"reads version {VERSION}: use the one that saved it, and save its commands"
            )
        if header.get("step-table") != STEP_TABLE:
            raise RunFileError(
                f"{self.path}: its positions count the steps of another step table than number "
                f"{STEP_TABLE}: use the aclbench that saved it, and save its commands"
            )
        try:
            start = header["start"]
            order, seed = start["order"], start["seed"]
            if order not in ("fair", "random") or type(seed) is not int:
                raise ValueError("an order is fair or random, a seed a number")
            scenario = self._scenario(header.get("scenario"))
            if scenario is None:
                return make(start["workers"], start["placement"], order, seed, start["frame_size"])
            return make.from_scenario(scenario, int(start["frame_size"]), True, order, seed)
        except RunFileError:
            raise
        except (AclbenchError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise self.error(1, str(error)) from None

    def take(self, bench: Workbench, row: Any) -> None:
        """Perform what a line says."""
        history = bench.past
        if isinstance(row, list):
            op = op_from_json(row)
            if isinstance(op, Run | Steps) and not 0 <= op.time < NEVER:
                raise ValueError("a time that cannot be")
            history.replay(op)
        elif isinstance(row, dict) and "branch" in row:
            self._begin_branch(bench, str(row["branch"]), str(row["parent"]), int(row["shared"]))
        elif isinstance(row, dict) and "switch" in row:
            history.switch(str(row["switch"]))
        elif isinstance(row, dict) and "current" in row:
            op, position, time = row["at"]
            history.switch(str(row["current"]))
            last = op_from_json(["run", position, time])
            assert isinstance(last, Run)
            if not 0 <= op <= len(history.branch.ops):
                raise ValueError("a place that is not in the run")
            self.cursor = Point(int(op), last.position, last.time)
        else:
            raise ValueError("not a line that aclbench knows")

    def _begin_branch(self, bench: Workbench, name: str, parent: str, shared: int) -> None:
        """Go to where a branch leaves its parent, and open it there."""
        history = bench.past
        if not parent:
            if history.branch.ops or len(history.branches) > 1:
                raise ValueError("a second first branch")
            history.branches = {name: history.branch}
            history.branch.name = name
            return
        history.branch = history.find_branch(parent)
        if not 0 <= shared <= len(history.branch.ops):
            raise ValueError("a branch that shares more than there is")
        history.goto(history.branch.starts[shared])
        history.open_branch(name)

    def _rows(self) -> Iterator[tuple[int, Any]]:
        """The lines as JSON values, with their numbers. A last line cut off is left out."""
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(_lines(file), 1):
                    try:
                        yield number, json.loads(line)
                    except (ValueError, RecursionError):
                        if not line.endswith(b"\n") and number > 1:
                            return  # the process that wrote it ended in the middle of the line
                        raise self.error(number, "not JSON; the file is damaged") from None
        except OSError as error:
            raise RunFileError(f"{self.path}: {error.strerror}") from None

    def _scenario(self, shown: Any) -> Scenario | None:
        if shown is None:
            return None
        captures = tuple(self._find_capture(entry) for entry in shown["captures"])
        interfaces = tuple(_interface(fields) for fields in shown["interfaces"])
        rx = tuple(map(str, shown["rx"]))
        if rx and len(rx) != len(captures):
            raise ValueError("a scenario with captures that enter nowhere")
        fields = {name: shown[name] for name in ("title", "text", "assumed", "place", "placement")}
        if not all(isinstance(value, str) for value in fields.values()):
            raise ValueError("a scenario with something that is not text where text belongs")
        scenario = Scenario(fields["title"], interfaces, captures=captures, rx=rx)
        return replace(
            scenario,
            workers=shown["workers"],
            cli=tuple(map(str, shown["cli"])),
            at=tuple(TimedLine(str(a["time"]), str(a["line"])) for a in shown.get("at", ())),
            **fields,
        )

    def _find_capture(self, entry: dict[str, Any]) -> Path:
        """The capture with the recorded content: where it was, beside the run file, or in it."""
        recorded = Path(entry["path"])
        changed: Path | None = None
        for candidate in (recorded, self.path.parent / recorded.name):
            if candidate.is_file():
                if _hash(candidate) == entry["sha256"]:
                    return candidate
                changed = candidate
        if "gzip" in entry:
            return self._unpacked(recorded.name, entry)
        if changed is not None:
            raise RunFileError(
                f"{self.path}: the capture {changed} has changed since the run was saved "
                f"(its SHA-256 was {entry['sha256'][:16]}...); put the old one beside the run file"
            )
        raise RunFileError(
            f"{self.path}: the capture {recorded} is not there; put {recorded.name} beside the run "
            "file, or save the run with its captures"
        )

    def _unpacked(self, name: str, entry: dict[str, Any]) -> Path:
        """Write a capture that came along to a folder of its own."""
        packed = base64.b64decode(entry["gzip"], validate=True)
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            content = file.read(MAX_CAPTURE_BYTES + 1)
        if (
            len(content) > MAX_CAPTURE_BYTES
            or hashlib.sha256(content).hexdigest() != entry["sha256"]
        ):
            raise RunFileError(f"{self.path}: the capture {name} in it is damaged")
        path = Path(tempfile.mkdtemp(prefix="aclbench-")) / (Path(name).name or "capture.pcap")
        path.write_bytes(content)
        return path

    def error(self, number: int, what: str) -> RunFileError:
        return RunFileError(f"{self.path}: line {number}: {what}")


def _interface(fields: dict[str, Any]) -> InterfaceSpec:
    """An interface of a scenario, as `asdict` wrote it."""
    labels = tuple(fields["capture_interfaces"])
    if not all(type(label) in (int, str) for label in labels):
        raise ValueError("a capture interface that is neither a name nor a number")
    texts = {
        name: tuple(map(str, fields[name])) for name in ("addresses", "prefixes", "vlans", "macs")
    }
    return InterfaceSpec(str(fields["name"]), capture_interfaces=labels, **texts)


def _lines(file: IO[bytes]) -> Iterable[bytes]:
    while line := file.readline(MAX_LINE_BYTES):
        yield line


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- recording ------------------------------------------------------------------------------


class Recorder:
    """Writes a run's journal to a file as it goes, so that nothing is lost on a crash.

    Set as `History.recorder`. `close` ends it; with `keep` False the file is deleted.
    """

    def __init__(self, bench: Workbench, path: Path) -> None:
        self.path = path
        #: Why the record ends early, if it does: a full disk must not end the run.
        self.failed: OSError | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", buffering=1)
        try:
            self.begin(bench)
        except AclbenchError:
            self.close()
            raise

    def begin(self, bench: Workbench) -> None:
        """Write anew what a bench has behind it, and nothing else."""
        self._file.seek(0)
        self._file.truncate()
        history = bench.past
        self._write(header_line(bench, with_captures=False))
        for branch in history.branches.values():
            for line in branch_lines(branch, history.branches.get(branch.parent)):
                self._write(line)

    def branch(self, branch: Branch, shared: int) -> None:
        """A branch was opened."""
        head = {"branch": branch.name, "parent": branch.parent, "shared": shared}
        self._write(json.dumps(head))
        for op in branch.ops[shared:]:
            self.op(op)

    def switch(self, name: str) -> None:
        """Another branch is the current one."""
        self._write(json.dumps({"switch": name}))

    def op(self, op: Op) -> None:
        """An input was noted."""
        self._write(json.dumps(op_to_json(op)))

    def close(self, keep: bool = False) -> None:
        """End the record."""
        try:
            self._file.close()
        except OSError as error:  # what was not written yet cannot be
            self.failed = error
        if not keep:
            self.path.unlink(missing_ok=True)

    def _write(self, line: str) -> None:
        if self.failed is not None:
            return
        try:
            self._file.write(line + "\n")
        except OSError as error:
            self.failed = error
