"""Runs, from the queue to their one final status.

A run belongs to whoever has its lease: `claim` gives it, `renew` keeps it, `finish` uses it up. `release_expired` takes
it from those who stopped renewing or went on for too long; what they still write is refused.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from psycopg import Connection

from openaddr.db.records import Decision, Lease, NewRun, Outcome, Run
from openaddr.db.statements import changed, many, named, one, scalar
from openaddr.db.values import document, storable, word
from openaddr.errors import Code, Problem

ATTEMPTS = 3
"""How often a run is begun before it is given up as lost."""
REUSABLE_DAYS = 10
SQL = named("runs")


def queue(conn: Connection[Any], new: NewRun) -> Run:
    """Put a run into the queue; one that its set or job has already is given as it is."""
    values = values_of(new)
    run = one(conn, SQL["queue"], Run, **values)
    run = run or one(conn, SQL["queued_already"], Run, **values)
    assert run
    return run


def reusable(
    conn: Connection[Any], new: NewRun, code_version: str, days: int = REUSABLE_DAYS, *, any_trust: bool = False
) -> Run | None:
    """The newest run that did the same work lately, on the same text by the same code with no less trust.

    `any_trust`: what a pull request ran is as good once its very text is merged, and so is what was held and approved.
    """
    if new.fresh:
        return None
    values = {"code_version": code_version, "days": days, "any_trust": any_trust}
    return one(conn, SQL["reusable"], Run, **values_of(new), **values)


def copy(conn: Connection[Any], original_id: int, new: NewRun, *, any_trust: bool = False) -> Run:
    """A run that has succeeded at once because `reusable` found its like.

    One that its set or job has already is given as it is.
    Raises ValueError when the original has other work, did not succeed, is a copy, or has less trust and may not.
    """
    values = values_of(new)
    run = one(conn, SQL["copy"], Run, **values, original_id=original_id, any_trust=any_trust)
    run = run or one(conn, SQL["queued_already"], Run, **values)
    if run is None:
        raise ValueError(f"run {original_id} is no original for {new}")
    return run


def get(conn: Connection[Any], run_id: int) -> Run | None:
    """One run."""
    return one(conn, SQL["get"], Run, run_id=run_id)


def of_set(conn: Connection[Any], set_id: int) -> list[Run]:
    """The runs of a set in the order of their sources."""
    return many(conn, SQL["of_set"], Run, set_id=set_id)


def of_job(conn: Connection[Any], job_id: UUID) -> list[Run]:
    """The runs of a job in the order of their sources."""
    return many(conn, SQL["of_job"], Run, job_id=job_id)


def recent(conn: Connection[Any], limit: int) -> list[Run]:
    """The newest runs of all, newest first."""
    return many(conn, SQL["recent"], Run, limit=limit)


def history(conn: Connection[Any], source_id: str, layer: str, name: str, limit: int) -> list[Run]:
    """The runs of one layer source, newest first."""
    return many(conn, SQL["history"], Run, source_id=word(source_id), layer=word(layer), name=word(name), limit=limit)


def undispatched(conn: Connection[Any], limit: int, set_id: int | None = None, *, alone: bool = False) -> list[Run]:
    """Queued runs that nobody was asked to work on: those of jobs first, then the longest.

    Of one set, or all; `alone` = those that are in no set. They are locked until the transaction ends; another one gets
    others.
    """
    return many(conn, SQL["undispatched"], Run, limit=limit, set_id=set_id, alone=alone)


def unclaimed(
    conn: Connection[Any], limit: int, seconds: float, set_id: int | None = None, *, alone: bool = False
) -> list[Run]:
    """Queued runs that somebody was asked to work on over `seconds` ago, chosen and locked as by `undispatched`."""
    return many(conn, SQL["unclaimed"], Run, limit=limit, seconds=seconds, set_id=set_id, alone=alone)


def mark_dispatched(conn: Connection[Any], run_id: int, flow_run_id: UUID | None = None) -> bool:
    """Note that a flow run is asked for; False when the run is not in the queue any more."""
    return changed(conn, SQL["mark_dispatched"], run_id=run_id, flow_run_id=flow_run_id)


def note_flow_run(conn: Connection[Any], run_ids: Sequence[int], flow_run_id: UUID) -> None:
    """Note the flow run that was asked to work on runs, with those that nobody has begun since."""
    conn.execute(SQL["note_flow_run"], {"run_ids": list(run_ids), "flow_run_id": flow_run_id})


def claim(
    conn: Connection[Any],
    run_id: int,
    worker: str,
    flow_run_id: UUID | None,
    lease_seconds: float,
    deadline_seconds: float,
) -> Lease | None:
    """The right to work on a run that is queued or whose lease has run out; None for all but one who ask."""
    return one(
        conn,
        SQL["claim"],
        Lease,
        run_id=run_id,
        worker=storable(worker),
        flow_run_id=flow_run_id,
        lease_seconds=lease_seconds,
        deadline_seconds=deadline_seconds,
        attempts=ATTEMPTS,
    )


def renew(conn: Connection[Any], lease: Lease, seconds: float) -> bool:
    """Keep a lease for `seconds` from now; False when it is lost or the deadline has passed: stop working."""
    return changed(conn, SQL["renew"], run_id=lease.run_id, token=lease.token, seconds=seconds)


def finish(conn: Connection[Any], lease: Lease, outcome: Outcome) -> bool:
    """Write the final status; False when the lease was lost or used up, and then nothing is written.

    A lease that ran out still counts as long as nobody took the run.
    """
    return changed(
        conn,
        SQL["finish"],
        run_id=lease.run_id,
        token=lease.token,
        status=outcome.status,
        code_version=outcome.code_version,
        run_key=outcome.run_key,
        problem=outcome.problem and document(outcome.problem.as_json()),
        record=outcome.record and document(outcome.record),
        rows=outcome.rows,
        copy_of=outcome.copy_of,
    )


def enlarge(conn: Connection[Any], lease: Lease, size_class: str, why: str) -> bool:
    """Use up a lease by putting the run back into the queue in a larger size class.

    False when the lease was lost, or the run was put into a larger one before, or has had its attempts.
    """
    values = {"size_class": size_class, "why": storable(why), "attempts": ATTEMPTS}
    return changed(conn, SQL["enlarge"], run_id=lease.run_id, token=lease.token, **values)


def was_finished_by(conn: Connection[Any], lease: Lease) -> bool:
    """Whether the final status is the one of this lease: what to ask when the answer to `finish` got lost."""
    return bool(scalar(conn, SQL["was_finished_by"], run_id=lease.run_id, token=lease.token))


def release_expired(conn: Connection[Any], attempts: int = ATTEMPTS, limit: int = 100) -> list[Run]:
    """Take runs from those whose lease or deadline has passed: back into the queue, or lost after `attempts`.

    With them what else their flow runs had not begun. Gives the runs as they are now. Several may do it at once.
    """
    message = f"The run was begun {attempts} times, and each time whoever worked on it stopped without a word."
    problem = document(Problem(Code.RUN_LOST, message).as_json())
    return many(conn, SQL["release_expired"], Run, attempts=attempts, limit=limit, problem=problem)


def decide(conn: Connection[Any], run_id: int, decision: Decision, by: str, reason: str) -> bool:
    """Approve or reject a run that is held, once; False when it is not held or was decided."""
    return changed(conn, SQL["decide"], run_id=run_id, decision=decision, by=storable(by), reason=storable(reason))


def values_of(new: NewRun) -> dict[str, Any]:
    """The parameters of a new run; names come from source files, and those from strangers."""
    names = {"source_id": word(new.source_id), "layer": word(new.layer), "name": word(new.name)}
    return asdict(new) | names
