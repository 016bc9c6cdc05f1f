"""`openaddr approve RUN` and `openaddr reject RUN`: what a person says of a run that the gate has held."""

import sys

from openaddr import settings
from openaddr.db import last_good, outbox, runs
from openaddr.db.connections import connect
from openaddr.db.records import Decision, Run
from openaddr.errors import ExitCode, ProblemError
from openaddr.publication import make_latest
from openaddr.settings import Settings
from openaddr.storage import open_storage


def run_decide(run_id: int, decision: str, by: str, reason: str) -> int:
    """Decide a held run, and publish it when it is approved; gives the exit code."""
    try:
        told = decide(settings.load(), run_id, Decision(decision), by, reason)
    except LookupError as error:
        print(f"openaddr: {error}", file=sys.stderr)
        return ExitCode.USAGE
    except ProblemError as error:
        print(f"openaddr: {error}", file=sys.stderr)
        return error.problem.explanation.exit_code
    print(told)
    return ExitCode.DONE


def decide(loaded: Settings, run_id: int, decision: Decision, by: str, reason: str) -> str:
    """Write the decision with its reason, and switch `latest/` to an approved run; says what came of it.

    Raises LookupError when there is nothing to decide.
    """
    with connect(loaded.database_url) as conn:
        if not runs.decide(conn, run_id, decision, by, reason):
            run = runs.get(conn, run_id)
            raise LookupError(f"Run {run_id} {_stands(run)}: only a run that is held and not decided can be.")
        moved = decision is Decision.APPROVED and last_good.move(conn, run_id)
        if moved:
            outbox.put(conn, "latest", str(run_id), {"run": run_id})
        outbox.put(conn, "site", "site", {})
        run = runs.get(conn, run_id)
    assert run is not None
    if moved:
        make_latest(open_storage(loaded), run)
        return f"Run {run_id} is approved and now the latest of {run.source_id} {run.layer} {run.name}."
    if decision is Decision.APPROVED:
        return f"Run {run_id} is approved, but a newer one is the latest already, or its source is not merged."
    return f"Run {run_id} is rejected; the last good run stays the latest."


def _stands(run: Run | None) -> str:
    """Why a run cannot be decided."""
    if run is None:
        return "does not exist"
    if run.expired_at:
        return f"is {run.status}, and its files are not kept since {run.expired_at:%Y-%m-%d}"
    return f"is {run.status}{f' and {run.decision}' if run.decision else ''}"
