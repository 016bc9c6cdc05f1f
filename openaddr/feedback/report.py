"""What is known of a job, and what it comes to: everything that an answer is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from openaddr.db.records import Decision, Job, JobStatus, Run, RunStatus
from openaddr.errors import Code, ExitCode
from openaddr.lint.findings import Finding, Severity
from openaddr.recorded import Recorded, Told, read_problem, read_record

GITHUB = "https://github.com"
OURS = (ExitCode.OURS, ExitCode.CONFIGURATION, ExitCode.INTERRUPTED)
"""Whose problems a contributor cannot do anything about."""


class Outcome(StrEnum):
    """What came of one layer source, those first that somebody has to do something about."""

    FAILED = "failed"
    REJECTED = "rejected"
    HELD = "held"
    UNFINISHED = "unfinished"
    """It is our fault that there is no result."""
    SUPERSEDED = "superseded"
    RUNNING = "running"
    WAITING = "waiting"
    SKIPPED = "skipped"
    GOOD = "good"


class Verdict(StrEnum):
    """What a job comes to, or is at."""

    CHECKING = "checking"
    GOOD = "good"
    NOTHING = "nothing"
    HELD = "held"
    FAILED = "failed"
    ERRORED = "errored"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Entry:
    """One layer source of a job.

    `last` is the last good run of it on the default branch, `path` and `line` are where it begins in the repository.
    `sample` are rows to show, `preview` and `preview_dark` addresses of pictures or '', `log_tail` the end of its log.
    """

    run: Run
    path: str
    line: int | None = None
    last: Run | None = None
    sample: tuple[Mapping[str, str], ...] = ()
    preview: str = ""
    preview_dark: str = ""
    log_tail: str = ""

    @property
    def label(self) -> str:
        """What it is called: `us/ca/alameda addresses county`."""
        return f"{self.run.source_id} {self.run.layer} {self.run.name}"

    @cached_property
    def record(self) -> Recorded:
        """What its run wrote down."""
        return read_record(self.run.record)

    def has_file(self, kind: str) -> bool:
        """Whether its run has made a file of a kind that can be looked at."""
        has_data = self.run.expired_at is None and self.run.status in (RunStatus.SUCCEEDED, RunStatus.HELD)
        return has_data and kind in self.record.outputs

    @cached_property
    def problem(self) -> Told | None:
        """What went wrong with its run."""
        return read_problem(self.run.problem)

    @cached_property
    def outcome(self) -> Outcome:
        """What came of it."""
        if self.run.is_good:
            return Outcome.GOOD
        if self.problem and self.problem.code == Code.RUN_SUPERSEDED:
            return Outcome.SUPERSEDED
        if self.run.decision is Decision.REJECTED:
            return Outcome.REJECTED
        if self.run.status is RunStatus.FAILED and not self._is_ours:
            return Outcome.FAILED
        return _OUTCOMES[self.run.status]

    @property
    def _is_ours(self) -> bool:
        explained = self.problem.explanation if self.problem else None
        return explained is None or explained.exit_code in OURS


_OUTCOMES = {
    RunStatus.QUEUED: Outcome.WAITING,
    RunStatus.RUNNING: Outcome.RUNNING,
    RunStatus.HELD: Outcome.HELD,
    RunStatus.SKIPPED: Outcome.SKIPPED,
    RunStatus.FAILED: Outcome.UNFINISHED,
    RunStatus.LOST: Outcome.UNFINISHED,
}


@dataclass(frozen=True)
class Report:
    """What a job came to, or is at.

    `paths` are the source files that changed, `findings` those of the files that were linted, by path; `removed` names
    layer sources, `renamed` has files as (before, after), `unchanged` counts layer sources that did not have to run.
    `limits` are sentences about limits that bit. `superseded_by` is the commit that is checked instead, '' where it is
    not known. `ahead` counts runs of other changes that come first.
    """

    job: Job
    paths: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    unchanged: int = 0
    limits: tuple[str, ...] = ()
    superseded_by: str = ""
    ahead: int = 0
    site_url: str = ""
    job_url: str = ""
    github_url: str = GITHUB

    @cached_property
    def problem(self) -> Told | None:
        """Why the job itself could not be done."""
        return read_problem(self.job.problem)

    @property
    def is_linted(self) -> bool:
        """Whether the lint has looked at every file."""
        return self.findings.keys() >= set(self.files)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Every file that it is about, once."""
        return tuple(dict.fromkeys((*self.paths, *(entry.path for entry in self.entries), *self.findings)))

    @cached_property
    def worst_first(self) -> tuple[Entry, ...]:
        """The layer sources, failures first, and by name."""
        order = list(Outcome)
        return tuple(sorted(self.entries, key=lambda entry: (order.index(entry.outcome), entry.label)))

    def having(self, *outcomes: Outcome) -> tuple[Entry, ...]:
        """The layer sources of which something came."""
        return tuple(entry for entry in self.worst_first if entry.outcome in outcomes)

    @cached_property
    def bugs(self) -> tuple[tuple[str, Finding], ...]:
        """What the lint says is wrong, with its file."""
        return tuple(
            (path, finding)
            for path, found in self.findings.items()
            for finding in found
            if finding.severity is Severity.BUG
        )

    def files_with(self, *outcomes: Outcome) -> tuple[str, ...]:
        """The files with a layer source of which something came."""
        return tuple(dict.fromkeys(entry.path for entry in self.entries if entry.outcome in outcomes))

    @property
    def is_running(self) -> bool:
        """Whether there is more to come."""
        return self.job.status is JobStatus.RUNNING and self.verdict not in (Verdict.ERRORED, Verdict.SUPERSEDED)

    @cached_property
    def verdict(self) -> Verdict:
        """What it comes to. One failure is enough, even while others run: it does not get better."""
        if self.job.status is JobStatus.SUPERSEDED or self.superseded_by:
            return Verdict.SUPERSEDED
        if self.problem or self.job.status is JobStatus.ERRORED:
            return Verdict.ERRORED
        if self.bugs or self.having(*FAILURES):
            return Verdict.FAILED
        if self.job.status is JobStatus.RUNNING:
            return Verdict.CHECKING
        if self.having(Outcome.UNFINISHED, Outcome.SUPERSEDED):
            return Verdict.ERRORED
        if self.having(Outcome.HELD):
            return Verdict.HELD
        return Verdict.GOOD if self.having(Outcome.GOOD) else Verdict.NOTHING


FAILURES = (Outcome.FAILED, Outcome.REJECTED)
