"""Sets and jobs: a list of each, and for each one its runs, worst first, with a page for each status."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from uuid import UUID

from dashboards import links
from dashboards.listing import Filter
from dashboards.maps_of_sets import maps_of, numbers_of
from dashboards.origin import origin_of, pull_request_url
from dashboards.pages import Page
from dashboards.paging import Part, parts, stamp_of
from dashboards.printing import printed
from dashboards.snapshot import Snapshot
from openaddr.db import pages as record
from openaddr.db.pages import WORST_FIRST, Count, Line
from openaddr.db.records import Job, RunStatus, Set
from openaddr.lint.findings import Severity
from openaddr.proposal import Proposal, read_proposal
from openaddr.recorded import Told, read_problem
from openaddr.words import plural, shown

PER_LIST = 100
NAMED = 20
"""Things of one kind that a job page names."""
PER_PAGE = 120
"""Runs with their messages."""


@dataclass(frozen=True)
class Batch:
    """A set or a job.

    `status` is `running`, `complete` or `abandoned` for a set, or that of a job. `counts` has each status of its runs
    that occurs, worst first; `changed` is when one of them changed last.
    """

    kind: str
    id: str
    path: str
    title: str
    repository: str
    commit: str
    status: str
    began: datetime
    ended: datetime | None
    counts: Sequence[tuple[RunStatus, int]]
    changed: datetime | None
    author: str = ""
    pull_request: int | None = None
    problem: Told | None = None
    remarks: tuple[str, ...] = ()
    """What else there is to say of a job: limits that bit, what is gone, and what lint calls a bug."""

    @property
    def total(self) -> int:
        """How many runs it has."""
        return sum(count for _, count in self.counts)

    @property
    def done(self) -> int:
        """How many of them are final."""
        return sum(count for status, count in self.counts if status.is_final)

    @property
    def seconds(self) -> float | None:
        """How long it took, None while it goes on."""
        return (self.ended - self.began).total_seconds() if self.ended else None

    @property
    def commit_url(self) -> str:
        """The commit on GitHub, '' when it is not there."""
        return origin_of(self.repository, self.commit, "").commit_url

    @property
    def pull_request_url(self) -> str:
        """The pull request on GitHub, '' without one."""
        return pull_request_url(self.repository, self.pull_request)

    def filters(self, this: RunStatus | None) -> list[Filter]:
        """Links to the runs of each status."""
        found = [Filter("all", self.total, self.path, this is None)]
        return found + [
            Filter(status, count, filtered(self.path, status), this == status) for status, count in self.counts
        ]


def filtered(path: str, status: RunStatus | None) -> str:
    """The page of those runs of a set or job that have a status."""
    return path if status is None else path.replace(links.INDEX, f"{status}.html")


def pages(seen: Snapshot) -> Iterator[Page]:
    """Pages of all jobs and sets, and the two lists."""
    for kind, batches in (("job", jobs_of(seen)), ("set", sets_of(seen))):
        for batch in batches:
            yield from _batch_pages(seen, batch)
        for part in parts(f"{kind}s/index.html", batches, PER_LIST):
            stamp = stamp_of(part.total, *part.rows)
            yield Page(part.path, stamp, partial(_list, seen, kind, part))


def sets_of(seen: Snapshot) -> list[Batch]:
    """All sets, newest first."""
    counts = _by_batch(record.set_counts(seen.conn))
    return [_set(found, counts.get(str(found.id), [])) for found in record.sets(seen.conn)]


def jobs_of(seen: Snapshot) -> list[Batch]:
    """All jobs, newest first."""
    counts = _by_batch(record.job_counts(seen.conn))
    return [_job(found, counts.get(str(found.id), [])) for found in record.jobs(seen.conn)]


def _by_batch(counts: Sequence[Count]) -> dict[str, list[Count]]:
    found: dict[str, list[Count]] = {}
    for count in counts:
        found.setdefault(count.batch, []).append(count)
    return found


def _set(found: Set, counts: Sequence[Count]) -> Batch:
    return Batch(
        "set",
        str(found.id),
        links.set_of(found.id),
        f"Set {found.id}",
        found.repository,
        found.commit_sha,
        "complete" if found.completed_at else "abandoned" if found.abandoned_at else "running",
        found.created_at,
        found.completed_at or found.abandoned_at,
        _worst_first(counts),
        max((count.changed for count in counts), default=None),
        problem=read_problem(found.problem),
    )


def _job(found: Job, counts: Sequence[Count]) -> Batch:
    return Batch(
        "job",
        str(found.id),
        links.job(found.id),
        f"Job {str(found.id)[:8]}",
        found.repository,
        found.commit_sha,
        found.status,
        found.created_at,
        found.finished_at,
        _worst_first(counts),
        max((count.changed for count in counts), default=None),
        found.author,
        found.pull_request,
        read_problem(found.problem),
        tuple(_remarks(read_proposal(found.found))),
    )


def _remarks(proposal: Proposal) -> Iterator[str]:
    """A sentence for each thing, some of many."""
    yield from proposal.limits
    if proposal.unchanged:
        yield f"{plural(proposal.unchanged, 'layer source')} of these files did not change and did not have to run."
    if proposal.removed:
        more = f" and {len(proposal.removed) - NAMED:,} more" if len(proposal.removed) > NAMED else ""
        yield f"Removed: {', '.join(proposal.removed[:NAMED])}{more}."
    bugs = [
        f"{path}, line {finding.line}: {finding.message} {finding.instead}"
        for path, findings in proposal.findings.items()
        for finding in findings
        if finding.severity is Severity.BUG
    ]
    yield from bugs[:NAMED]
    if len(bugs) > NAMED:
        yield f"Lint finds {len(bugs) - NAMED:,} more errors."


def _worst_first(counts: Sequence[Count]) -> list[tuple[RunStatus, int]]:
    numbers = {count.status: count.count for count in counts}
    return [(status, numbers[status]) for status in WORST_FIRST if status in numbers]


def _batch_pages(seen: Snapshot, batch: Batch) -> Iterator[Page]:
    """Which pages there are follows from the counts: the runs are loaded only when one of them is rendered."""
    maps = maps_of(seen, batch.id) if batch.kind == "set" else None
    stamp = stamp_of(batch, maps)
    load = cache(partial(_lines, seen, batch))
    for status, count in [(None, batch.total), *batch.counts]:
        for part in parts(filtered(batch.path, status), range(count), PER_PAGE):
            yield Page(part.path, stamp, partial(_batch_page, seen, batch, status, part, load))


def _lines(seen: Snapshot, batch: Batch) -> list[Line]:
    if batch.kind == "set":
        return record.lines_of_set(seen.conn, int(batch.id))
    return record.lines_of_job(seen.conn, UUID(batch.id))


def _batch_page(
    seen: Snapshot, batch: Batch, status: RunStatus | None, part: Part[int], load: Callable[[], list[Line]]
) -> bytes:
    maps = maps_of(seen, batch.id) if batch.kind == "set" and part.path == batch.path else None
    chosen = [line for line in load() if status in (None, line.status)]
    which = f", {status}" if status else ""
    title = f"{batch.title}: {shown(batch.repository, 60)}{which}{part.suffix}"
    return printed(
        "batch.html",
        seen,
        part.path,
        title=title,
        description=f"{title}: {plural(part.total, 'run')} of {shown(batch.commit, 40)}, worst first.",
        crumbs=((f"{batch.kind.capitalize()}s", f"{batch.kind}s/index.html"), (batch.title, "")),
        batch=batch,
        filters=batch.filters(status),
        part=part,
        lines=[chosen[place] for place in part.rows if place < len(chosen)],
        maps=maps,
        numbers=numbers_of(seen, maps) if maps else None,
    )


def _list(seen: Snapshot, kind: str, part: Part[Batch]) -> bytes:
    words = {
        "set": "Sets: all sources of a repository, run together",
        "job": "Jobs: what pushes and pull requests asked for",
    }
    return printed(
        "batches.html",
        seen,
        part.path,
        title=words[kind] + part.suffix,
        description=f"{words[kind]}. {plural(part.total, kind)}, newest first{part.suffix}.",
        crumbs=((f"{kind.capitalize()}s", ""),),
        kind=kind,
        heading=words[kind],
        part=part,
    )
