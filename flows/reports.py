"""What is known of a job, from the record and the storage: what answers on GitHub are made of."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from dashboards import files
from flows.services import Services
from openaddr.db import jobs, last_good, runs
from openaddr.db.records import Job, JobStatus, Run, RunStatus
from openaddr.feedback.report import GITHUB, Entry, Report
from openaddr.proposal import read_proposal
from openaddr.settings import GITHUB_API_URL
from openaddr.source.catalog import path_of
from openaddr.storage.objects import Storage

SHOWN = 20
"""Layer sources of which more is shown than what the record knows: no answer has room for more."""
ROWS = 5
LOG_LINES = 20
WORST_FIRST = {RunStatus.FAILED: 0, RunStatus.LOST: 1, RunStatus.HELD: 2}
"""Of these there is more to say; all others come behind them."""


def job_report(opened: Services, job: Job) -> Report:
    """A job as it is now."""
    found = read_proposal(job.found)
    with opened.pool.connection() as conn:
        ours = sorted(runs.of_job(conn, job.id), key=lambda run: WORST_FIRST.get(run.status, len(WORST_FIRST)))
        good = [last_good.get(conn, run.source_id, run.layer, run.name) for run in ours]
        last = [runs.get(conn, pointer.run_id) if pointer else None for pointer in good]
        newer = jobs.newest_of_pull_request(conn, job)
        ahead = jobs.ahead(conn, job.id) if job.status is JobStatus.RUNNING else 0
        by = jobs.get(conn, newer) if newer and newer != job.id else None
    site = opened.settings.site_url.rstrip("/")
    lines = {(layer.source_id, layer.layer, layer.name): layer.line for layer in found.layers}
    entries = tuple(
        _entry(opened.storage, run, before, lines.get((run.source_id, run.layer, run.name)), is_shown=number < SHOWN)
        for number, (run, before) in enumerate(zip(ours, last, strict=True))
    )
    return Report(
        job,
        tuple(found.paths),
        entries,
        {path: tuple(findings) for path, findings in found.findings.items()},
        tuple(found.removed),
        tuple(found.renamed),
        found.unchanged,
        tuple(found.limits),
        by.commit_sha if by and job.status is JobStatus.SUPERSEDED else "",
        ahead,
        site,
        f"{site}/jobs/{job.id}/" if site else "",
        github_of(opened.settings.github_api_url),
    )


def github_of(api: str) -> str:
    """Where people look at a GitHub whose API is known: an Enterprise server has both under one name."""
    if api.rstrip("/") == GITHUB_API_URL:
        return GITHUB
    parts = urlsplit(api)
    return f"{parts.scheme}://{parts.netloc}"


def _entry(storage: Storage, run: Run, last: Run | None, line: int | None, *, is_shown: bool) -> Entry:
    """A layer source; of those behind many others only what the record knows."""
    found = Entry(run, path_of(run.source_id), line, None if last is None or last.id == run.id else last)
    if not is_shown or run.expired_at or run.status not in (RunStatus.SUCCEEDED, RunStatus.HELD, RunStatus.FAILED):
        return found
    if run.status is RunStatus.FAILED:
        lines, _ = files.log_of(storage, run.files_of)
        return replace(found, log_tail="\n".join(lines[-LOG_LINES:]))
    sample = files.sample_of(storage, run.files_of)
    rows = tuple(_row(sample.columns, row) for row in sample.rows[:ROWS])
    return replace(found, sample=rows, preview=_picture(storage, run.files_of))


def _row(columns: Sequence[str], values: Sequence[str | float | None]) -> dict[str, str]:
    return {name: "" if value is None else f"{value}" for name, value in zip(columns, values, strict=False)}


def _picture(storage: Storage, run: int) -> str:
    """The address of the picture of a run, '' without one that others can see."""
    found = files.files_of(storage, run)
    picture = found.of_kind("preview")
    address = storage.url(found.key(picture)) if picture else ""
    return address if address.startswith(("http://", "https://")) else ""
