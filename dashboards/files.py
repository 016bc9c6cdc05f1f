"""What pages read of the files of a run: never more than a bound, and a sentence where something is wrong with one."""

from dataclasses import dataclass
from typing import TypeVar

import msgspec

from dashboards.run_files import KINDS, LOG_LINES, MOST_BYTES, MOST_LOG_BYTES, Sample
from openaddr.errors import ProblemError
from openaddr.storage.keys import checked, run_log, run_prefix
from openaddr.storage.objects import MissingError, Storage

T = TypeVar("T")


@dataclass(frozen=True)
class StoredFile:
    """One file of a run, as its manifest says."""

    name: str
    kind: str
    bytes: int
    sha256: str
    rows: int | None = None

    @property
    def title(self) -> str:
        """What kind of file it is."""
        return KINDS[self.kind][0] if self.kind in KINDS else self.name

    @property
    def purpose(self) -> str:
        """What it is for."""
        return KINDS[self.kind][1] if self.kind in KINDS else ""


@dataclass(frozen=True)
class Files:
    """The files of a run, those people ask for first. `fault` says what is wrong, '' when nothing is."""

    run: int
    listed: tuple[StoredFile, ...] = ()
    fault: str = ""

    def key(self, file: StoredFile) -> str:
        """Where a file is in storage."""
        return run_prefix(self.run) + file.name

    @property
    def bytes(self) -> int:
        """Size of all together."""
        return sum(file.bytes for file in self.listed)

    def of_kind(self, kind: str) -> StoredFile | None:
        """The file of a kind."""
        return next((file for file in self.listed if file.kind == kind), None)


@dataclass(frozen=True)
class _Manifest:
    resources: list[StoredFile]


def files_of(storage: Storage, run: int) -> Files:
    """The files of a run by its manifest."""
    manifest, fault = _decoded(storage, f"{run_prefix(run)}manifest.json", _Manifest)
    if manifest is None:
        return Files(run, fault=fault)
    order = list(KINDS)
    named = [file for file in manifest.resources if _is_name(file.name)]
    fault = "" if len(named) == len(manifest.resources) else "manifest.json names files that cannot be there"
    place = {kind: position for position, kind in enumerate(order)}
    return Files(run, tuple(sorted(named, key=lambda file: place.get(file.kind, len(order)))), fault)


def sample_of(storage: Storage, run: int) -> Sample:
    """The first rows of a run."""
    sample, fault = _decoded(storage, f"{run_prefix(run)}sample.json", Sample)
    return sample or Sample(fault=fault)


def has_log(storage: Storage, run: int) -> bool:
    """Whether there is a log of a run, as far as it got."""
    try:
        return storage.head(run_log(run)) is not None
    except ProblemError:
        return False


def log_of(storage: Storage, run: int) -> tuple[list[str], str]:
    """The last lines of the log of a run, and what is wrong."""
    content, fault = _read(storage, run_log(run), MOST_LOG_BYTES)
    return content.decode(errors="replace").splitlines()[-LOG_LINES:], fault


def _is_name(name: str) -> bool:
    try:
        return "/" not in name and bool(checked(name))
    except (ValueError, UnicodeError):
        return False


def _decoded(storage: Storage, key: str, kind: type[T]) -> tuple[T | None, str]:
    content, fault = _read(storage, key, MOST_BYTES)
    if fault:
        return None, fault
    try:
        return msgspec.json.decode(content, type=kind), ""
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return None, f"{key} cannot be read: {error}"


def _read(storage: Storage, key: str, most: int) -> tuple[bytes, str]:
    try:
        with storage.open(key) as file:
            content = file.read(most + 1)
    except MissingError:
        return b"", f"{key} is missing in storage"
    except ProblemError as error:
        return b"", f"{key} cannot be read: {error.problem.message}"
    if len(content) > most:
        return b"", f"{key} has more than {most:,} bytes"
    return content, ""
