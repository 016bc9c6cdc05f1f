"""The page of each run, and the page of its first rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from dashboards import links
from dashboards.facts import ExcerptLine, excerpt
from dashboards.figures import Fill, Stage, fills_of, stages_of
from dashboards.files import Files, files_of, has_log, log_of, sample_of
from dashboards.origin import Origin, origin_of
from dashboards.pages import Page
from dashboards.printing import Crumb, printed
from dashboards.snapshot import Snapshot
from openaddr.db import pages as record
from openaddr.db.pages import RunStamp, RunWithSource
from openaddr.db.records import Run, RunStatus
from openaddr.recorded import MOST, Recorded, Told, read_problem, read_record
from openaddr.storage.keys import run_prefix
from openaddr.words import number, shown

AT_ONCE = 100
"""Runs that are loaded together."""


@dataclass(frozen=True)
class RunView:
    """What the page of a run shows."""

    run: Run
    origin: Origin
    record: Recorded
    problem: Told | None
    excerpt: list[ExcerptLine]
    stages: list[Stage]
    fills: list[Fill]
    files: Files
    log: list[str]
    faults: tuple[str, ...]
    log_so_far: bool = False
    """Whether there is a log of a run that goes on, or of one that was lost, as far as it got."""

    @property
    def has_log(self) -> bool:
        """Whether it worked itself, and wrote about it."""
        final = self.run.finished_at is not None and self.run.status is not RunStatus.LOST
        return final and self.run.expired_at is None and (self.run.copy_of is None or self.record.unchanged)

    @property
    def seconds(self) -> float | None:
        """How long the last attempt took."""
        run = self.run
        return (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else None


def pages(seen: Snapshot) -> Iterator[Page]:
    """Two pages for each run that may have data, one for the others. A final run stays as it is but for a decision."""
    runs = Ahead(seen)
    for found in seen.stamps:
        yield Page(links.run(found.id), found.stamp, partial(_loaded_run_page, seen, runs, found.id))
        if found.has_files:
            yield Page(links.sample(found.id), found.stamp, partial(_sample_page, seen, found))


class Ahead:
    """Loads runs a number at a time, for their pages are rendered in the order of their ids."""

    def __init__(self, seen: Snapshot) -> None:
        self._seen = seen
        self._loaded: dict[int, RunWithSource] = {}

    def get(self, run_id: int) -> RunWithSource:
        """A run that was there when its page was asked for."""
        if run_id not in self._loaded:
            self._loaded = record.runs(self._seen.conn, range(run_id, run_id + AT_ONCE))
        return self._loaded[run_id]


def run_view(seen: Snapshot, run: RunWithSource) -> RunView:
    """Everything about one run."""
    found, problem = read_record(run.record), read_problem(run.problem)
    is_kept = run.expired_at is None
    has_data = is_kept and run.status in (RunStatus.SUCCEEDED, RunStatus.HELD)
    files = files_of(seen.storage, run.files_of) if has_data else Files(run.id)
    so_far = run.status in (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.LOST) and has_log(seen.storage, run.id)
    has_log_of_its_end = run.status in (RunStatus.FAILED, RunStatus.HELD) or (run.status is RunStatus.LOST and so_far)
    is_bad = is_kept and has_log_of_its_end
    log, log_fault = log_of(seen.storage, run.id) if is_bad else ([], "")
    return RunView(
        run,
        origin_of(run.repository, run.commit_sha, run.source_id),
        found,
        problem,
        excerpt(run.content, problem.line if problem else None),
        stages_of(found),
        fills_of(found, run.layer),
        files,
        [shown(line) for line in log],
        (*found.faults, *filter(None, (files.fault, log_fault))),
        so_far,
    )


def _loaded_run_page(seen: Snapshot, runs: Ahead, run_id: int) -> bytes:
    return run_page(seen, runs.get(run_id))


def run_page(seen: Snapshot, run: RunWithSource) -> bytes:
    """The page of a run, whatever is in its record."""
    view = run_view(seen, run)
    label = f"{run.source_id} {run.layer} {run.name}"
    told = view.problem.title if view.problem else f"{number(run.rows)} rows"
    return printed(
        "run.html",
        seen,
        links.run(run.id),
        title=f"Run {run.id}: {label} {run.status}",
        description=f"Run {run.id} of {label}: {run.status}, {told}.",
        crumbs=(*crumbs_of_source(run.source_id), (f"Run {run.id}", "")),
        picture=f"{run_prefix(run.files_of)}preview.png" if view.files.of_kind("preview") else "",
        view=view,
        most=MOST,
    )


def _sample_page(seen: Snapshot, run: RunStamp) -> bytes:
    sample = sample_of(seen.storage, run.id)
    label = f"{run.source_id} {run.layer} {run.name}"
    return printed(
        "sample.html",
        seen,
        links.sample(run.id),
        title=f"First rows of run {run.id}: {label}",
        description=f"The first rows of {label} as run {run.id} made them.",
        crumbs=(*crumbs_of_source(run.source_id), (f"Run {run.id}", links.run(run.id)), ("First rows", "")),
        run=run,
        sample=sample,
        most=MOST,
    )


def crumbs_of_source(source_id: str) -> tuple[Crumb, ...]:
    """The way from the list of sources down to one of them."""
    parts = source_id.split("/")
    above = (("/".join(parts[:end]), part) for end, part in enumerate(parts[:-1], 1))
    places = ((shown(part, 60), links.source(prefix)) for prefix, part in above)
    return (("Sources", links.LIST), *places, (shown(parts[-1], 60), links.source(source_id)))
