"""The record of one run: what is known of it while it goes on, and what `run.json` says in the end."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from openaddr import __version__
from openaddr.errors import ExitCode, Problem, RowReason
from openaddr.stages import NO_EDITION, NOWHERE_ELSE, Bounds, Edition, Misplaced, Profile, RejectedRow, RowAccount

log = logging.getLogger("openaddr.run")


class Status(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    HELD = "held"
    SKIPPED = "skipped"
    FAILED = "failed"


def printable(text: str) -> str:
    """Text on one line, with control characters and changes of direction written as escapes.

    Sources and servers are strangers: what they say is shown, but may not steer a terminal or look like our own lines.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


@dataclass
class Run:
    """One processing of one layer source: filled in stage by stage, then written as `run.json`."""

    source: str
    layer: str
    name: str
    status: Status = Status.FAILED
    problem: Problem | None = None
    account: RowAccount = field(default_factory=RowAccount)
    fills: dict[str, int] = field(default_factory=dict)
    """Rows in which each attribute is not empty (`stages.Extract`)."""
    bounds: Bounds | None = None
    misplaced: Misplaced = NOWHERE_ELSE
    profile: Profile | None = None
    warnings: list[Problem] = field(default_factory=list)
    fingerprint: str | None = None
    tests_passed: bool | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    outputs: dict[str, Path] = field(default_factory=dict)
    folder: Path | None = None
    key: str = ""
    """What the run is made of, apart from the data: two runs with one key and one edition give the same files."""
    edition: Edition = NO_EDITION
    unchanged: bool = False
    """Whether the server said that its data is still that of the run before, whose files this one has."""
    downloaded: int = 0
    """Bytes that the download brought."""
    bytes: int = 0
    """Size of all outputs; 0 when there are none, or those of an earlier run."""
    peak_memory: int = 0
    """Most memory that a stage occupied, in bytes."""
    cpu_seconds: float = 0.0
    """Processor time of all stages."""

    @property
    def exit_code(self) -> ExitCode:
        """What the command line answers for this run."""
        if self.problem is None or self.status is Status.SKIPPED:
            return ExitCode.DONE
        return self.problem.explanation.exit_code

    def as_json(self) -> dict[str, object]:
        """The object of the command line contract."""
        return {
            "source": self.source,
            "layer": self.layer,
            "name": self.name,
            "status": self.status.value,
            "problem": self.problem.as_json() if self.problem else None,
            "rows": self.account.kept,
            "received": self.account.received,
            "rejected": {
                "count": self.account.rejected_total,
                "reasons": {reason.value: count for reason, count in sorted(self.account.rejected.items())},
                "examples": [example.as_json() for example in self.account.examples],
            },
            "fills": self.fills,
            "bounds": self.bounds,
            "misplaced": asdict(self.misplaced),
            "profile": asdict(self.profile) if self.profile else None,
            "warnings": [warning.as_json() for warning in self.warnings],
            "fingerprint": self.fingerprint,
            "key": self.key,
            "edition": asdict(self.edition),
            "unchanged": self.unchanged,
            "tests_passed": self.tests_passed,
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "downloaded": self.downloaded,
            "bytes": self.bytes,
            "peak_memory": self.peak_memory,
            "cpu_seconds": round(self.cpu_seconds, 3),
            "outputs": {kind: str(path) for kind, path in self.outputs.items()},
            "code_version": __version__,
        }

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times one stage and notes its start in the log."""
        log.info("%s", name)
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - started

    def take_over(self, record: "Record", folder: Path | None) -> None:
        """Be the run before once more: its rows, warnings and, where they are in a `folder`, files."""
        self.status, self.unchanged, self.edition = Status.SUCCEEDED, True, record.edition
        self.account, self.fills = record.account, record.fills
        self.bounds, self.misplaced, self.profile = record.bounds, record.misplaced, record.profile
        self.warnings, self.fingerprint = list(record.warnings), record.fingerprint
        self.outputs = {kind: folder / name for kind, name in record.outputs.items()} if folder else {}


@dataclass(frozen=True)
class RejectedRows:
    """The member `rejected` of a record."""

    reasons: dict[RowReason, int]
    examples: list[RejectedRow]


@dataclass(frozen=True)
class Record:
    """What of an earlier `run.json` a later run needs to know; other members do not matter."""

    status: Status
    key: str = ""
    edition: Edition = NO_EDITION
    rows: int = 0
    received: int = 0
    rejected: RejectedRows = field(default_factory=lambda: RejectedRows({}, []))
    fills: dict[str, int] = field(default_factory=dict)
    bounds: Bounds | None = None
    misplaced: Misplaced = NOWHERE_ELSE
    profile: Profile | None = None
    warnings: list[Problem] = field(default_factory=list)
    fingerprint: str | None = None
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def account(self) -> RowAccount:
        """The account of its rows."""
        rejected = self.rejected
        return RowAccount(self.received, self.rows, Counter(rejected.reasons), list(rejected.examples))

    def is_complete(self, folder: Path) -> bool:
        """Whether its files are all there."""
        return bool(self.outputs) and all((folder / name).is_file() for name in self.outputs.values())
