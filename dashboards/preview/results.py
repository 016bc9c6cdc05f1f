"""The door: folders of runs below a folder of outputs, whatever is in them.

    <root>/us/ca/alameda/addresses/county/run.json          a run, and its files beside it
    <root>/us/ca/alameda/addresses/county.failed/run.json   a later one that did not succeed

`root` may be the folder of one run itself. Folders are read again for each page: a run that was made anew is seen.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from dashboards.run_files import KINDS, LOG_LINES, MOST_BYTES, MOST_LOG_BYTES, Sample
from openaddr.errors import Code, ProblemError
from openaddr.names import FAILED
from openaddr.recorded import Recorded, Told, read_problem, read_record
from openaddr.run import Status

T = TypeVar("T")
RECORD, LOG = "run.json", "log.txt"
HINT = "Name the folder that `openaddr process` wrote with `--output`, or one of a run in it."
OURS = {RECORD: "Everything about the run, for programs", LOG: "What happened when"}
"""Files that every run has, whatever became of it."""


@dataclass(frozen=True)
class ResultFile:
    """One file of a run, with its size in bytes."""

    name: str
    kind: str
    bytes: int

    @property
    def purpose(self) -> str:
        """What it is for."""
        return KINDS[self.kind][1] if self.kind in KINDS else OURS.get(self.name, "")


@dataclass(frozen=True)
class Result:
    """One run. `path` leads from the root to its folder: '' for the root itself, else with a slash at its end."""

    path: str
    folder: Path
    source: str
    layer: str
    name: str
    status: Status
    record: Recorded
    problem: Told | None
    files: tuple[ResultFile, ...]
    written: datetime

    @property
    def share_outside(self) -> float | None:
        """Which share of the rows lies outside of what the source covers; None where nobody knows."""
        outside, rows = self.record.misplaced.outside, self.record.rows
        return None if outside is None else outside / rows if rows else 0.0

    @property
    def warnings(self) -> list[Told]:
        """What looks like a mistake, the worst first. Rows that were left out are in the account, with examples."""
        found = (warning for warning in self.record.warnings if warning.code != Code.ROWS_REJECTED)
        return sorted(found, key=lambda warning: warning.severity == "hint")

    @property
    def newer_failure(self) -> str:
        """Where a later run is that did not succeed and left this one in its place; '' without one."""
        return self._beside(self.folder.name + FAILED)

    @property
    def last_good(self) -> str:
        """Where the run is that this one did not replace, because it did not succeed; '' without one."""
        return self._beside(self.folder.name.removesuffix(FAILED)) if self.folder.name.endswith(FAILED) else ""

    def _beside(self, name: str) -> str:
        """The path of another run in the same folder, '' where that is not shown or not there."""
        is_there = bool(self.path) and (self.folder.with_name(name) / RECORD).is_file()
        return f"{self.path.removesuffix(f'{self.folder.name}/')}{name}/" if is_there else ""

    def of_kind(self, kind: str) -> ResultFile | None:
        """The file of a kind, such as `pmtiles`."""
        return next((file for file in self.files if file.kind == kind), None)

    def sample(self) -> Sample:
        """The first rows."""
        file = self.of_kind("sample")
        if file is None:
            return Sample()
        try:
            return decoded(self.folder / file.name, Sample)
        except ProblemError as error:
            return Sample(fault=error.problem.message)

    def log(self) -> list[str]:
        """The last lines of the log; none without a log that can be read."""
        try:
            with (self.folder / LOG).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                file.seek(max(0, size - MOST_LOG_BYTES))
                return file.read(MOST_LOG_BYTES).decode(errors="replace").splitlines()[-LOG_LINES:]
        except OSError:
            return []


@dataclass(frozen=True)
class _Head:
    """What a record has to say for there to be a page of it."""

    source: str
    layer: str
    name: str
    status: Status


def paths_of_runs(root: Path) -> list[str]:
    """Where there are runs (`Result.path`), in order. Raises ProblemError for a folder that cannot be read."""
    if not root.is_dir():
        what = "is no folder" if root.exists() else "does not exist"
        raise ProblemError(Code.OUTPUT_UNREADABLE, f"{root} {what}.", hint=HINT)
    try:
        os.scandir(root).close()
    except OSError as error:
        raise ProblemError(Code.OUTPUT_UNREADABLE, f"{root} cannot be read: {error.strerror}.", hint=HINT) from error
    found = sorted(_walked(root), key=lambda path: path.split("/"))
    if not found:
        raise ProblemError(Code.OUTPUT_UNREADABLE, f"There is no {RECORD} in {root} or below it.", hint=HINT)
    return found


def _walked(root: Path) -> Iterator[str]:
    for folder, below, files in os.walk(root):
        # What is hidden is about to become a folder of a run, or has been one.
        below[:] = [] if RECORD in files else [name for name in below if not name.startswith(".")]
        if RECORD in files:
            path = Path(folder).relative_to(root).as_posix()
            yield "" if path == "." else f"{path}/"


def result_at(root: Path, path: str) -> Result:
    """The run at a path. Raises ProblemError when its record cannot be read, FileNotFoundError without one."""
    folder = root / path
    if not _is_below(root, path) or not (folder / RECORD).is_file():
        raise FileNotFoundError(path)
    value = decoded(folder / RECORD, dict[str, Any])
    try:
        head = msgspec.convert(value, _Head)
    except msgspec.ValidationError as error:
        message = f"{folder / RECORD} is no record of a run: {error}."
        raise ProblemError(Code.OUTPUT_UNREADABLE, message, hint=HINT) from error
    record = read_record(value)
    return Result(
        path,
        folder,
        head.source,
        head.layer,
        head.name,
        head.status,
        record,
        read_problem(value.get("problem")),
        tuple(_files(folder, record.outputs)),
        datetime.fromtimestamp((folder / RECORD).stat().st_mtime, UTC),
    )


def _is_below(root: Path, path: str) -> bool:
    """Whether a path that a browser asks for stays in the root, and where runs are."""
    names = path.removesuffix("/").split("/") if path else []
    is_plain = all(name and not name.startswith(".") and "\0" not in name and "\\" not in name for name in names)
    return is_plain and (root / path).resolve().is_relative_to(root.resolve())


def _files(folder: Path, outputs: dict[str, str]) -> Iterator[ResultFile]:
    """What the record names and is there, those that people ask for first."""
    kinds = {name: kind for kind, name in outputs.items()} | dict.fromkeys(OURS, "")
    with os.scandir(folder) as entries:
        found = {entry.name: entry for entry in entries if entry.is_file(follow_symlinks=False)}
    order = {kind: place for place, kind in enumerate(KINDS)}
    for name in sorted(found.keys() & kinds, key=lambda name: (order.get(kinds[name], len(order)), name)):
        yield ResultFile(name, kinds[name], found[name].stat().st_size)


def decoded(path: Path, kind: type[T]) -> T:
    """A file of JSON. Raises ProblemError when it cannot be read as that."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ProblemError(Code.OUTPUT_UNREADABLE, f"{path} has more than {MOST_BYTES:,} bytes.", hint=HINT)
        return msgspec.json.decode(content, type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        words = error.strerror if isinstance(error, OSError) else error
        raise ProblemError(Code.OUTPUT_UNREADABLE, f"{path} cannot be read: {words}.", hint=HINT) from error
