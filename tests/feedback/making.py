"""Jobs, runs and layer sources for tests of answers, without a database."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from openaddr.db.records import Job, JobStatus, Run, RunStatus, Trust
from openaddr.errors import Code, Problem
from openaddr.feedback.report import Entry, Report
from openaddr.lint.check import check_bytes
from openaddr.lint.findings import Finding
from tests.dashboards.making import COMMIT, record_of

SITE = "https://results.example.org"
JOB = UUID("2f1e6a54-7d0c-4c1c-9c1f-0a9d1b7c3e55")
TIME = datetime(2026, 11, 24, 8, 39, tzinfo=UTC)
OUTPUTS = {"geoparquet": "extract.parquet", "pmtiles": "addresses.pmtiles", "sample": "sample.json"}
SAMPLE = (
    {"hash": "27a1f00c27a1f00c", "number": "12", "street": "Mill Lane", "unit": "", "city": "Windmere", "lon": "14.3"},
    {"hash": "d44743aad44743aa", "number": "14", "street": "Mill Lane", "unit": "", "city": "Windmere", "lon": "14.3"},
)
LOG = "\n".join(
    ["2026-11-24 08:39:02 INFO download", "2026-11-24 08:39:04 INFO conform", "2026-11-24 08:39:05 ERROR stopped"]
)


def job(status: JobStatus = JobStatus.SUCCEEDED, **changes: Any) -> Job:
    """A job of a pull request."""
    usual: dict[str, Any] = {
        "repository": "openaddresses/openaddresses",
        "commit_sha": COMMIT,
        "author": "somebody",
        "pull_request": 7,
        "id": JOB,
        "status": status,
        "created_at": TIME,
        "finished_at": None if status is JobStatus.RUNNING else TIME,
        "found": {},
        "problem": None,
        "told": "",
    }
    return Job(**usual | changes)


def run(number: int = 1, status: RunStatus = RunStatus.SUCCEEDED, rows: int | None = 10_250, **changes: Any) -> Run:
    """A run that has a record of its rows when it has any."""
    usual: dict[str, Any] = dict.fromkeys(Run.__dataclass_fields__) | {
        "id": number,
        "job_id": JOB,
        "source_id": "us/ca/alameda",
        "layer": "addresses",
        "name": "county",
        "source_sha": "5b" * 32,
        "commit_sha": COMMIT,
        "trust": Trust.UNMERGED,
        "size_class": "small",
        "fresh": False,
        "status": status,
        "attempt": 1,
        "queued_at": TIME,
        "worker": "",
        "code_version": "8.0.0",
        "run_key": "",
        "rows": rows,
        "record": record(rows) if rows is not None else None,
    }
    return Run(**usual | changes)


def record(rows: int, **changes: Any) -> dict[str, Any]:
    """What a run wrote down whose rows are nearly full."""
    fills = {"number": rows, "street": rows, "city": rows * 9 // 10, "postcode": rows // 4}
    usual = {"rows": rows, "fills": fills, "warnings": [], "outputs": OUTPUTS}
    return record_of(**usual | {"misplaced": {"outside": rows // 500, "swapped": 0, "null_island": 0}} | changes)


def problem(code: Code, message: str, line: int | None = 14) -> dict[str, Any]:
    """A problem as the record has it."""
    return Problem(code, message, line=line).as_json()


def good(number: int = 1, rows: int = 10_250, before: int | None = 10_000, **changes: Any) -> Entry:
    """A layer source that went well."""
    last = run(9_000 + number, rows=before) if before is not None else None
    return placed(run(number, rows=rows, **changes), last=last, sample=SAMPLE)


def failed(number: int = 1, code: Code = Code.FILE_NOT_IN_ARCHIVE, message: str = "", **changes: Any) -> Entry:
    """A layer source that failed."""
    message = message or "`parcels.shp` is not in the download, which has `Parcels_2026.shp` and `Roads.shp`."
    told = changes.pop("problem", problem(code, message))
    status = changes.pop("status", RunStatus.FAILED)
    return placed(run(number, status, None, problem=told, **changes), last=run(9_000 + number), log_tail=LOG)


def held(number: int = 1, **changes: Any) -> Entry:
    """A layer source that lost most of its rows."""
    message = "1,200 rows; the last good run 2026-11-17 had 10,000 (-88 %); 10 % fewer are allowed."
    told = problem(Code.ROWS_DROPPED, message, None)
    found = run(number, RunStatus.HELD, 1_200, problem=told, **changes)
    return placed(found, last=run(9_000 + number, rows=10_000), sample=SAMPLE, log_tail=LOG)


def placed(found: Run, **more: Any) -> Entry:
    """A run with its place in the repository, and a picture where it has rows."""
    preview = f"{SITE}/runs/{found.id}/preview.png" if found.rows else ""
    return Entry(found, f"sources/{found.source_id}.json", 12, **{"preview": preview} | more)


def report(*entries: Entry, status: JobStatus = JobStatus.SUCCEEDED, **changes: Any) -> Report:
    """What became of a job whose files the lint has read, and found nothing unless it is told so."""
    asked = {name: changes.pop(name) for name in ("problem", "pull_request") if name in changes}
    findings: Mapping[str, tuple[Finding, ...]] = {entry.path: () for entry in entries}
    usual = {"findings": findings, "site_url": SITE, "job_url": f"{SITE}/jobs/{JOB}/"}
    return Report(job(status, **asked), entries=entries, **usual | changes)


def linted(content: bytes, source_id: str = "us/ca/alameda") -> dict[str, tuple[Finding, ...]]:
    """What the lint finds in a source file, by its path."""
    return {f"sources/{source_id}.json": tuple(check_bytes(source_id, content))}
