"""What rows become: frozen records. Times have a zone and are of the database's clock."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from openaddr.errors import Problem

Json = dict[str, Any]


class RunStatus(StrEnum):
    """How far a run is; all but the first two are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    HELD = "held"
    FAILED = "failed"
    SKIPPED = "skipped"
    LOST = "lost"

    @property
    def is_final(self) -> bool:
        """Whether nothing changes it any more."""
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)


class Trust(StrEnum):
    """Whether the source is on the default branch of its repository; "unknown" is not "merged"."""

    UNKNOWN = "unknown"
    UNMERGED = "unmerged"
    MERGED = "merged"


class Decision(StrEnum):
    """What a person said of a run that was held."""

    APPROVED = "approved"
    REJECTED = "rejected"


class JobStatus(StrEnum):
    """How far a job is: the worst of its runs decides.

    `errored` = what there was to do could not be found out; `superseded` = a newer push took its place.
    """

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    HELD = "held"
    FAILED = "failed"
    ERRORED = "errored"
    SUPERSEDED = "superseded"


class DeliveryStatus(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    STARTED = "started"
    HANDLED = "handled"
    IGNORED = "ignored"
    PARKED = "parked"


@dataclass(frozen=True)
class NewRun:
    """What is to be run: an entry of a source file whose text is kept as `source_sha`, for a set, a job or neither."""

    source_id: str
    layer: str
    name: str
    source_sha: str
    trust: Trust
    size_class: str
    set_id: int | None = None
    job_id: UUID | None = None
    commit_sha: str = ""
    fresh: bool = False
    """Do the work although an earlier run had the same to do."""


@dataclass(frozen=True)
class Run:
    """One processing of one layer source."""

    id: int
    set_id: int | None
    job_id: UUID | None
    source_id: str
    layer: str
    name: str
    source_sha: str
    commit_sha: str
    trust: Trust
    size_class: str
    fresh: bool
    status: RunStatus
    attempt: int
    expected_seconds: float | None
    queued_at: datetime
    dispatched_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    lease_token: UUID | None
    lease_until: datetime | None
    deadline_at: datetime | None
    worker: str
    flow_run_id: UUID | None
    code_version: str
    run_key: str
    copy_of: int | None
    problem: Json | None
    record: Json | None
    rows: int | None
    decision: Decision | None
    decided_by: str | None
    decided_reason: str | None
    decided_at: datetime | None
    expired_at: datetime | None
    """Since when its files are not kept any more."""
    outgrown: str
    """Why it was put into a larger size class than the one in which it was tried first; '': it was not."""

    @property
    def files_of(self) -> int:
        """The run under whose id the files are stored."""
        return self.copy_of or self.id

    @property
    def is_good(self) -> bool:
        """Whether its result may become the latest of its layer source, as far as its own outcome goes."""
        approved = self.status is RunStatus.HELD and self.decision is Decision.APPROVED
        return self.status is RunStatus.SUCCEEDED or approved


@dataclass(frozen=True)
class Lease:
    """The right to work on a run and to finish it. Whoever has another token than the row has lost it."""

    run_id: int
    token: UUID
    until: datetime
    deadline_at: datetime
    attempt: int


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `record` is its `run.json`."""

    status: RunStatus
    code_version: str
    run_key: str = ""
    problem: Problem | None = None
    record: Json | None = None
    rows: int | None = None
    copy_of: int | None = None
    """The run whose files this one has, because the data had not changed since."""

    def __post_init__(self) -> None:
        if not self.status.is_final or self.status is RunStatus.LOST:
            raise ValueError(f"nobody can finish a run as {self.status}")


@dataclass(frozen=True)
class Set:
    """The runs of one batch at one commit: started, listed, completed; or abandoned, when they cannot be listed.

    `folder` is where its source files are, '' on GitHub.
    """

    id: int
    repository: str
    commit_sha: str
    created_at: datetime
    listed_at: datetime | None
    completed_at: datetime | None
    folder: str
    fresh: bool
    abandoned_at: datetime | None
    problem: Json | None

    @property
    def is_closed(self) -> bool:
        """Whether nothing is to be done for it any more."""
        return self.completed_at is not None or self.abandoned_at is not None


@dataclass(frozen=True)
class NewJob:
    """What a push, a pull request or a person asks for. `branch` is that of a push, `found` as in `openaddr.jobs`."""

    repository: str
    commit_sha: str
    author: str
    pull_request: int | None = None
    delivery_id: str | None = None
    branch: str = ""
    trust: Trust = Trust.UNKNOWN


@dataclass(frozen=True)
class Job(NewJob):
    """The runs that one push or pull request asked for.

    `found` is what there was to do and what was said of the source files, `problem` why that could not be found out,
    `told` the state that GitHub was told last.
    """

    id: UUID = field(kw_only=True)
    status: JobStatus = field(kw_only=True)
    created_at: datetime = field(kw_only=True)
    finished_at: datetime | None = field(kw_only=True)
    found: Json = field(kw_only=True)
    problem: Json | None = field(kw_only=True)
    told: str = field(kw_only=True)


@dataclass(frozen=True)
class LastGood:
    """Which run is the latest of its layer source."""

    source_id: str
    layer: str
    name: str
    run_id: int
    moved_at: datetime


@dataclass(frozen=True)
class Delivery:
    """What GitHub told us once. `reason` says why it was ignored, or the last error.

    `started_at` is since when a flow run is asked for, or works on it.
    """

    id: str
    event: str
    payload: Json
    received_at: datetime
    status: DeliveryStatus
    reason: str
    tries: int
    flow_run_id: UUID | None
    started_at: datetime | None
    next_try_at: datetime


@dataclass(frozen=True)
class Message:
    """What we have to tell others: `kind` says how, `key` about what."""

    id: int
    kind: str
    key: str
    payload: Json
    created_at: datetime
    next_try_at: datetime
    tries: int
    sent_at: datetime | None
    parked_at: datetime | None
    error: str | None


@dataclass(frozen=True)
class NewCollection:
    """A bundle that was just stored under `key`."""

    name: str
    key: str
    sha256: str
    bytes: int
    rows: int
    manifest: Json


@dataclass(frozen=True)
class Collection(NewCollection):
    """A published bundle."""

    created_at: datetime
