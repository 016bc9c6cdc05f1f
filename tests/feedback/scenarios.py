"""Jobs of every kind, by name: what is said of each is kept as golden files."""

from collections.abc import Iterator
from dataclasses import replace

from openaddr.db.records import Decision, JobStatus, RunStatus
from openaddr.errors import Code
from openaddr.feedback.report import Entry, Report
from openaddr.lint.findings import Finding, Severity
from tests.dashboards.making import source_text
from tests.feedback.making import SITE, failed, good, held, linted, placed, problem, record, report, run

NEWER = "89abcdef0123456789abcdef0123456789abcdef"
WARNING = {"code": "TLS_UNVERIFIED", "message": "The certificate of data.town.example ended on 2026-10-01.", "line": 16}
GONE = "404 at https://data.town.example/a.csv"
NASTY = (
    "]|`x`|<img src=x onerror=alert(1)> @team #1 GH-2 https://evil.example www.evil.example :tada: $x$ "
    "0123456789abcdef a@evil.example **b** [l](https://evil.example) \u202eevil"
)
WRONG = source_text(conform={"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": {"function": "joyn"}})


def scenarios() -> dict[str, Report]:
    """A fresh report of each."""
    return {
        "all-good": all_good(),
        "one-failed": one_failed(),
        "server-away": report(
            failed(code=Code.TIMED_OUT, message="data.town.example did not answer within 30 s."),
            status=JobStatus.FAILED,
        ),
        "lint-errors": report(findings=linted(WRONG), status=JobStatus.FAILED),
        "held": report(held(1), good(2, name="city"), status=JobStatus.HELD),
        "decided": decided(),
        "lost": report(lost(), status=JobStatus.FAILED),
        "layers-25": report(*many(25), status=JobStatus.FAILED),
        "layers-200": report(*many(200), status=JobStatus.FAILED),
        "checking": report(placed(run(1, RunStatus.RUNNING, None)), good(2, name="city"), status=JobStatus.RUNNING),
        "queued": report(placed(run(1, RunStatus.QUEUED, None)), status=JobStatus.RUNNING, ahead=12),
        "looking": report(paths=("sources/us/ca/alameda.json",), findings={}, status=JobStatus.RUNNING),
        "skipped": report(skipped()),
        "superseded": superseded(),
        "job-problem": report(
            problem=problem(Code.GITHUB_AWAY, "api.github.com answers 502.", None), status=JobStatus.ERRORED
        ),
        "nothing": report(),
        "unchanged": report(unchanged=3, findings={"sources/us/ca/alameda.json": ()}),
        "removed": removed(),
        "limits": limits(),
        "hostile": hostile(),
    }


def all_good() -> Report:
    """Three layers, one of them new, one with a warning."""
    warned = placed(run(2, name="city", rows=500, record=record(500, warnings=[WARNING])), last=run(8, rows=500))
    dark = replace(good(1), preview_dark=f"{SITE}/runs/1/preview-dark.png")
    parcels = run(3, layer="parcels", rows=7, record=record(7, fills={"pid": 7}))
    return report(dark, warned, placed(parcels), unchanged=2)


def one_failed() -> Report:
    """One of two failed."""
    return report(good(1), failed(2, name="parcels", layer="parcels"), status=JobStatus.FAILED)


def decided() -> Report:
    """Two were held: one was approved, one rejected."""
    said = {"decided_by": "anna", "decided_reason": "The county left.", "decision": Decision.APPROVED}
    no = said | {"decision": Decision.REJECTED, "decided_reason": "The rows are missing by mistake."}
    return report(held(1, **said), held(2, name="city", **no), status=JobStatus.HELD)


def lost() -> Entry:
    """A run whose workers died."""
    told = problem(Code.RUN_LOST, "Three workers died while they worked on it.", None)
    return failed(problem=told, status=RunStatus.LOST)


def skipped() -> Entry:
    """A source that says to skip it."""
    return placed(run(1, RunStatus.SKIPPED, None, problem=problem(Code.SOURCE_SKIP, "The source says `skip`.")))


def many(count: int) -> Iterator[Entry]:
    """Layers of as many sources, every tenth of which failed."""
    for number in range(1, count + 1):
        city = f"us/ca/city_{number:03}"
        is_bad = number % 10 == 0
        yield failed(number, Code.HTTP_404, GONE, source_id=city) if is_bad else good(number, source_id=city)


def superseded() -> Report:
    """A newer push came while it ran."""
    told = problem(Code.RUN_SUPERSEDED, "A newer push took its place.", None)
    stopped = placed(run(1, RunStatus.SKIPPED, None, problem=told))
    return report(stopped, good(2, name="city"), status=JobStatus.SUPERSEDED, superseded_by=NEWER)


def removed() -> Report:
    """Layers and files that are not there any more."""
    gone = ("us/ca/alameda parcels county", "us/ca/berkeley addresses city")
    return report(removed=gone, renamed=(("sources/us/ca/a.json", "sources/us/ca/b.json"),))


def limits() -> Report:
    """A stranger's first pull request, with more than it may have."""
    said = "This is your first pull request here: of 30 layers the first 10 were run, each with up to 100 MB of data."
    return report(good(), limits=(said,))


def hostile() -> Report:
    """Everything that strangers write is bad."""
    told = {"code": "FIELD_NOT_FOUND", "message": f"`{NASTY}` is not there: {NASTY}", "hint": NASTY, "line": 3}
    bad = replace(
        failed(1, problem=told, source_id=f"xx/{NASTY}", name=NASTY),
        path=f"sources/xx/{NASTY}.json",
        log_tail=f"```\n</details>{NASTY}",
    )
    rows = ({NASTY: NASTY, "street": "</td>|`"},)
    fine = replace(
        good(2, source_id=f"xx/{NASTY}", layer="parcels", name=NASTY), sample=rows, preview="javascript:alert(1)"
    )
    finding = Finding(NASTY, Severity.WARNING, f"/{NASTY}", NASTY, NASTY, 1, 1, 1, 2)
    return report(
        bad,
        fine,
        status=JobStatus.FAILED,
        findings={f"sources/xx/{NASTY}.json": (finding,)},
        removed=(NASTY,),
        limits=(NASTY,),
    )
