"""Jobs on a Dask cluster, whose workers are processes here or on other machines.

A worker finds a job's files where they are here, if what is there has the same size and content;
else their content is sent to it. What the job writes comes back with its result.
"""

from __future__ import annotations

import signal
import traceback
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import file_digest
from logging import CRITICAL
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import NamedTemporaryFile, TemporaryDirectory
from time import monotonic
from typing import Any, Final, NamedTuple
from uuid import uuid4

from aclbench.errors import AclbenchError
from aclbench.lab.jobs import Job, Runner, T, part_done, progress
from aclbench.lab.processes import Failed
from aclbench.version import __version__
from aclbench.workbench.tasks import Slices

#: Stands for a cluster that is started here.
LOCAL: Final = "local"
#: How long to wait for a cluster and its first worker, in seconds.
CONNECT_S: Final = 15
#: How long to wait for news, and how often a job has some, in seconds.
LOOK_S: Final = 0.05
SAY_S: Final = 0.5
#: Packs files that come back, fast.
_LEVEL: Final = 1
#: Where a worker keeps the files that were sent to it.
_KEPT: Final = "aclbench-files"
#: Groups of jobs that nobody waits for any more, in a worker.
_stopped: Final[set[str]] = set()


class Wanted(NamedTuple):
    """A file that a job reads, as it is where the job comes from."""

    path: Path
    size: int
    sha256: str


class Group(NamedTuple):
    """Jobs that are spread together; the same answers need the same version of the program."""

    name: str
    version: str = __version__


class Done(NamedTuple):
    """What came of a job, and the files that it has written, packed, by their names."""

    result: Any
    packed: dict[str, bytes]


class Missing(NamedTuple):
    """Files that a worker does not have."""

    wanted: list[Wanted]


# --- where the jobs come from -----------------------------------------------------------------


@contextmanager
def on_cluster(address: str, folder: Path, count: int) -> Iterator[Runner]:
    """Does jobs on a Dask cluster, by the address of its scheduler; files go into a folder here.

    `LOCAL` starts one of `count` processes and ends it. AclbenchError: there is none, or no Dask.
    """
    try:
        import dask
        import distributed
    except ImportError:
        raise AclbenchError(
            "--cluster needs Dask's distributed; pip install 'aclbench[cluster]' brings it"
        ) from None
    with dask.config.set({"distributed.admin.log-format": ""}), _started(address, count) as at:
        try:
            client = distributed.Client(at, timeout=CONNECT_S)
        except (OSError, ValueError) as error:
            raise AclbenchError(f"--cluster {address}: {error}") from None
        with client:
            try:
                client.wait_for_workers(1, timeout=CONNECT_S)
            except TimeoutError:
                raise AclbenchError(
                    f"--cluster {address}: no worker has come in {CONNECT_S} s; "
                    f"start some with dask worker {address}"
                ) from None
            yield _Spreading(client, folder)


@contextmanager
def _started(address: str, count: int) -> Iterator[Any]:
    """What a client connects to: an address, or a cluster that was started."""
    if address != LOCAL:
        yield address
        return
    from distributed import LocalCluster

    # Its processes begin deaf to the Ctrl-C that the whole terminal gets: whoever starts them ends
    # them.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        started = LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # its own default is a port that may be taken
            silence_logs=CRITICAL,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with started as cluster:
        yield cluster


class _Spreading:
    """Does jobs on the cluster of a client."""

    def __init__(self, client: Any, folder: Path) -> None:
        self._client = client
        self._folder = folder
        #: By path, and what was sent of them by content.
        self._wanted: dict[Path, Wanted] = {}
        self._sent: dict[str, Any] = {}

    def __call__(self, jobs: Sequence[Job[T]], results: dict[int, T]) -> Slices[None]:
        group, news, parts = Group(uuid4().hex), SimpleQueue[Any](), dict[int, int]()
        pending: dict[Any, tuple[Job[T], tuple[str, ...]]] = {}

        def submit(job: Job[T], sent: tuple[str, ...]) -> None:
            wanted = [self._wanted[path] for path in job.files]
            contents = [self._sent[sha256] for sha256 in sent]
            future = self._client.submit(
                work, job, group, wanted, sent, *contents, key=f"aclbench-{uuid4().hex}", pure=False
            )
            pending[future] = job, sent
            future.add_done_callback(news.put)

        self._client.subscribe_topic(group.name, lambda event: parts.update([event[1]]))
        try:
            for job in jobs:
                yield from self._look_at(job.files)
                submit(job, ())
            while pending:
                try:
                    future = news.get(timeout=LOOK_S)
                except Empty:
                    pass
                else:
                    job, sent = pending.pop(future)
                    came = self._came(future, job)
                    if isinstance(came, Missing):
                        submit(job, (*sent, *map(self._send, came.wanted)))
                    else:
                        for name, packed in came.packed.items():
                            (self._folder / name).write_bytes(zlib.decompress(packed))
                        results[job.number] = came.result
                        parts.pop(job.number, None)
                yield progress(len(jobs), len(results), list(parts.values()))
        finally:
            self._client.unsubscribe_topic(group.name)
            if pending:
                self._client.cancel(list(pending))
                self._client.run(stop, group.name, on_error="ignore")

    def _look_at(self, files: Sequence[Path]) -> Slices[None]:
        """Know what these files are."""
        for path in files:
            if path not in self._wanted:
                try:
                    self._wanted[path] = Wanted(path.resolve(), path.stat().st_size, _digest(path))
                except OSError as error:
                    raise AclbenchError(f"{path}: cannot be read: {error.strerror}") from None
                yield None

    def _send(self, wanted: Wanted) -> str:
        """Have the content of a file on the cluster."""
        if wanted.sha256 not in self._sent:
            self._sent[wanted.sha256] = self._client.scatter(wanted.path.read_bytes())
        return wanted.sha256

    def _came(self, future: Any, job: Job[Any]) -> Done | Missing:
        """What came of a job. AclbenchError: it cannot be done, or the cluster does it no more."""
        from distributed import KilledWorker

        try:
            came = future.result()
        except KilledWorker:
            raise AclbenchError(
                f"{job.name}: the workers that ran it ended, one after the other; "
                "there may be too little memory: fewer workers on a machine may do"
            ) from None
        except Exception as error:
            if _is_stranger(error):
                raise AclbenchError(
                    f"the cluster's scheduler or a worker has no aclbench {__version__}; "
                    "pip install 'aclbench[cluster]' there"
                ) from None
            raise AclbenchError(f"{job.name}: the cluster gave it up: {error!r}") from None
        if isinstance(came, AclbenchError):
            raise came
        if isinstance(came, Failed):
            raise RuntimeError(came.text)
        assert isinstance(came, Done | Missing), came
        return came


def _is_stranger(error: BaseException | None) -> bool:
    """A job could not be read, since the cluster does not have this program, or not as it is."""
    while error is not None:
        if isinstance(error, ImportError | AttributeError) or "deserialization" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


# --- in a worker ------------------------------------------------------------------------------


def work(
    job: Job[Any], group: Group, wanted: list[Wanted], sent: tuple[str, ...], *contents: bytes
) -> Done | Missing | AclbenchError | Failed | None:
    """Do a job in a worker; of some of its files the content was sent. None: it was stopped."""
    from distributed import get_worker

    if group.version != __version__:
        return AclbenchError(
            f"a worker of the cluster has aclbench {__version__}, and here is {group.version}; "
            "the same answers need the same version"
        )
    worker = get_worker()
    place = Path(worker.local_directory)
    try:
        there, missing = _found(place, job.files, wanted, dict(zip(sent, contents, strict=True)))
        if missing:
            return Missing(missing)
        with TemporaryDirectory(prefix="aclbench-", dir=place) as name:
            folder, said = Path(name), monotonic()
            slices = job.moved(there).slices(folder)
            while True:
                try:
                    told = next(slices)
                except StopIteration as end:
                    return Done(end.value, _packed(folder))
                if group.name in _stopped:
                    slices.close()
                    return None
                if monotonic() - said > SAY_S:
                    said = monotonic()
                    worker.log_event(group.name, (job.number, part_done(told)))
    except AclbenchError as error:
        return error
    except Exception as error:
        return Failed("".join(traceback.format_exception(error)))


def stop(group: str) -> None:
    """Jobs of a group that are under way in a worker end; nobody waits for them any more."""
    _stopped.add(group)


def _found(
    place: Path, files: Sequence[Path], wanted: list[Wanted], contents: Mapping[str, bytes]
) -> tuple[dict[Path, Path], list[Wanted]]:
    """Where files are, if elsewhere than they were; and those that are missing."""
    there, missing = dict[Path, Path](), list[Wanted]()
    for path, each in zip(files, wanted, strict=True):
        kept = place / _KEPT / each.sha256 / each.path.name
        if _is_same(path, each):
            continue
        if not _is_same(kept, each):
            if each.sha256 not in contents:
                missing.append(each)
                continue
            kept.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=kept.parent, delete=False) as file:
                file.write(contents[each.sha256])
            Path(file.name).replace(kept)
        there[path] = kept
    return there, missing


def _is_same(path: Path, wanted: Wanted) -> bool:
    """A file is there, with the same content."""
    try:
        status = path.stat()
        if not path.is_file() or status.st_size != wanted.size:
            return False
        return _digest_as_of(path, status.st_mtime_ns) == wanted.sha256
    except OSError:
        return False


@lru_cache(maxsize=1024)
def _digest_as_of(path: Path, modified_ns: int) -> str:
    """The digest of a file that was last changed then."""
    return _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _packed(folder: Path) -> dict[str, bytes]:
    return {path.name: zlib.compress(path.read_bytes(), _LEVEL) for path in folder.iterdir()}
