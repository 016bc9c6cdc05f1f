"""Runs: the queue, leases and the one final status."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from psycopg import Connection

from openaddr.db import jobs, runs, sets
from openaddr.db.records import Decision, Lease, NewJob, Outcome, Run, RunStatus, Trust
from openaddr.errors import Code, Problem
from tests.db.conftest import Rows, claim, found
from tests.db.racing import race

SUCCEEDED = Outcome(RunStatus.SUCCEEDED, "11", rows=10)


@pytest.fixture
def set_id(conn: Connection[Any]) -> int:
    """A set that is under way."""
    new = sets.start(conn, "openaddresses/openaddresses", "abc")
    assert new
    return new.id


def test_a_queued_run_says_what_is_to_be_done(conn: Connection[Any], rows: Rows, set_id: int) -> None:
    new = rows.new(set_id=set_id, commit_sha="abc", fresh=True, trust=Trust.UNMERGED)
    run = runs.queue(conn, new)
    assert runs.get(conn, run.id) == run
    assert {name: getattr(run, name) for name in vars(new)} == vars(new)
    assert (run.status, run.attempt, run.finished_at) == (RunStatus.QUEUED, 1, None)


def test_a_set_that_is_listed_twice_has_each_run_once(conn: Connection[Any], rows: Rows, set_id: int) -> None:
    new = rows.new(set_id=set_id)
    assert runs.queue(conn, new) == runs.queue(conn, new)
    assert len(runs.of_set(conn, set_id)) == 1


def test_two_that_list_a_set_at_once_make_each_run_once(
    conn: Connection[Any], other: Connection[Any], rows: Rows, set_id: int
) -> None:
    new = rows.new(set_id=set_id)
    first, second = race(conn, other, lambda conn: runs.queue(conn, new))
    assert first == second


def test_a_job_has_each_run_once(conn: Connection[Any], rows: Rows) -> None:
    job = jobs.start(conn, NewJob("openaddresses/openaddresses", "abc", "somebody"))
    new = rows.new(job_id=job.id)
    assert [runs.queue(conn, new)] == [runs.queue(conn, new)] == runs.of_job(conn, job.id)


def test_a_run_by_hand_may_be_asked_for_again(conn: Connection[Any], rows: Rows) -> None:
    new = rows.new()
    first, second = runs.queue(conn, new), runs.queue(conn, new)
    assert runs.recent(conn, 5) == runs.history(conn, new.source_id, new.layer, new.name, 5) == [second, first]


def test_names_that_cannot_be_stored_do_not_stop_a_set(conn: Connection[Any], rows: Rows, set_id: int) -> None:
    names = ["a\0b", "a\ud800b", "🏠" * 50_000, "🏠" * 50_001]
    for name in names:
        rows.queued(set_id=set_id, source_id="xx/town" * 1000, layer="🏠" * 9999, name=name)
    stored = {run.name for run in runs.of_set(conn, set_id)}
    assert len(stored) == len(names)
    assert {r"a\x00b", r"a\ud800b"} < stored
    assert len(runs.history(conn, "xx/town" * 1000, "🏠" * 9999, names[2], 5)) == 1


def test_those_who_wait_come_first_then_the_unknown_then_the_longest(
    conn: Connection[Any], rows: Rows, set_id: int
) -> None:
    for town, seconds in (("short", 5), ("long", 500)):
        lease = rows.claimed(source_id=town)
        rows.began(lease.run_id, seconds)
        rows.finish(lease)
    job = jobs.start(conn, NewJob("openaddresses/openaddresses", "abc", "somebody"))
    queued = [rows.queued(source_id=town, set_id=set_id) for town in ("short", "new", "long")]
    asked = rows.queued(source_id="short", job_id=job.id)
    assert [run.expected_seconds and round(run.expected_seconds) for run in queued] == [5, None, 500]
    assert [run.id for run in runs.undispatched(conn, 9)] == [asked.id, queued[1].id, queued[2].id, queued[0].id]
    assert [run.id for run in runs.undispatched(conn, 1, set_id)] == [queued[1].id]


def test_two_that_hand_over_at_once_get_different_runs(
    conn: Connection[Any], other: Connection[Any], rows: Rows
) -> None:
    rows.queued()
    rows.queued()
    with conn.transaction(), other.transaction():
        first, second = runs.undispatched(conn, 1), runs.undispatched(other, 2)
    assert len(first) == len(second) == 1 and first != second


def test_a_run_is_handed_over_once(conn: Connection[Any], rows: Rows) -> None:
    run, flow_run_id = rows.queued(), uuid4()
    assert runs.mark_dispatched(conn, run.id, flow_run_id)
    assert found(conn, run.id).flow_run_id == flow_run_id
    assert runs.undispatched(conn, 9) == []


def test_a_run_that_was_handed_over_and_never_claimed_is_found(conn: Connection[Any], rows: Rows) -> None:
    waiting, claimed = rows.queued(), rows.queued()
    for run in (waiting, claimed):
        runs.mark_dispatched(conn, run.id)
    claim(conn, claimed.id)
    assert runs.unclaimed(conn, 9, seconds=60) == []
    assert [run.id for run in runs.unclaimed(conn, 9, seconds=0)] == [waiting.id]


def test_a_run_that_is_not_in_the_queue_is_not_handed_over(conn: Connection[Any], rows: Rows) -> None:
    assert not runs.mark_dispatched(conn, rows.claimed().run_id)


def test_claiming_gives_a_lease_and_a_deadline(conn: Connection[Any], rows: Rows) -> None:
    flow_run_id = uuid4()
    lease = runs.claim(conn, rows.queued().id, "box-1", flow_run_id, 120, 3600)
    assert lease and 3470 < (lease.deadline_at - lease.until).total_seconds() < 3490
    run = found(conn, lease.run_id)
    assert Lease(run.id, lease.token, lease.until, lease.deadline_at, 1) == lease
    assert (run.status, run.worker, run.flow_run_id) == (RunStatus.RUNNING, "box-1", flow_run_id)


def test_of_two_that_claim_a_run_at_once_one_wins(conn: Connection[Any], other: Connection[Any], rows: Rows) -> None:
    run = rows.queued()
    first, second = race(conn, other, lambda conn: claim(conn, run.id))
    assert first and second is None


def test_of_two_that_claim_an_expired_run_at_once_one_wins(
    conn: Connection[Any], other: Connection[Any], rows: Rows
) -> None:
    lease = rows.claimed()
    rows.expire(lease.run_id)
    first, second = race(conn, other, lambda conn: claim(conn, lease.run_id))
    assert first and first.attempt == 2 and second is None


def test_a_run_under_way_or_final_cannot_be_claimed(conn: Connection[Any], rows: Rows) -> None:
    assert claim(conn, rows.claimed().run_id) is None
    assert claim(conn, rows.finished().id) is None


def test_a_run_is_not_claimed_a_fourth_time(conn: Connection[Any], rows: Rows) -> None:
    run = rows.queued()
    for _ in range(3):
        assert claim(conn, run.id)
        rows.expire(run.id)
    assert claim(conn, run.id) is None


def test_a_lease_is_kept_by_renewing_it(conn: Connection[Any], rows: Rows) -> None:
    lease = rows.claimed()
    rows.expire(lease.run_id)
    assert runs.renew(conn, lease, 120)
    assert runs.release_expired(conn) == []


def test_a_lease_that_was_taken_over_cannot_be_renewed_or_used(conn: Connection[Any], rows: Rows) -> None:
    old = rows.claimed()
    rows.expire(old.run_id)
    new = claim(conn, old.run_id)
    assert new
    assert not runs.renew(conn, old, 120)
    assert not runs.finish(conn, old, SUCCEEDED)
    assert runs.finish(conn, new, replace(SUCCEEDED, rows=11))
    assert found(conn, old.run_id).rows == 11


def test_a_lease_is_not_renewed_beyond_the_deadline(conn: Connection[Any], rows: Rows) -> None:
    lease = rows.claimed()
    rows.overrun(lease.run_id)
    assert not runs.renew(conn, lease, 120)


def test_a_lease_that_ran_out_still_counts_while_nobody_took_the_run(conn: Connection[Any], rows: Rows) -> None:
    lease = rows.claimed()
    rows.expire(lease.run_id)
    rows.overrun(lease.run_id)
    assert runs.finish(conn, lease, SUCCEEDED)


def test_a_finished_run_says_what_came_of_it(conn: Connection[Any], rows: Rows) -> None:
    lease = rows.claimed()
    problem = Problem(Code.NO_ROWS, "0 rows")
    outcome = Outcome(RunStatus.HELD, "11.0", "key", problem, {"rows": 0, "warnings": []}, 0)
    assert runs.finish(conn, lease, outcome)
    run = found(conn, lease.run_id)
    assert (run.status, run.code_version, run.run_key, run.rows) == (RunStatus.HELD, "11.0", "key", 0)
    assert (run.problem, run.record) == (problem.as_json(), outcome.record)
    assert run.finished_at and run.started_at and run.finished_at > run.started_at


def test_the_second_result_of_one_lease_is_refused(conn: Connection[Any], rows: Rows) -> None:
    lease = rows.claimed()
    assert runs.finish(conn, lease, SUCCEEDED)
    before = found(conn, lease.run_id)
    assert not runs.finish(conn, lease, Outcome(RunStatus.FAILED, "12"))
    assert found(conn, lease.run_id) == before


def test_of_a_late_writer_and_a_new_lease_the_late_one_loses(
    conn: Connection[Any], other: Connection[Any], rows: Rows
) -> None:
    old = rows.claimed()
    rows.expire(old.run_id)

    def take_over_or_finish(who: Connection[Any]) -> object:
        return claim(who, old.run_id) if who is conn else runs.finish(who, old, SUCCEEDED)

    lease, late = race(conn, other, take_over_or_finish)
    assert lease and late is False
    assert found(conn, old.run_id).status is RunStatus.RUNNING


def test_one_can_ask_whether_the_result_is_ones_own(conn: Connection[Any], rows: Rows) -> None:
    old = rows.claimed()
    assert not runs.was_finished_by(conn, old)
    rows.expire(old.run_id)
    new = claim(conn, old.run_id)
    assert new and runs.finish(conn, new, SUCCEEDED)
    assert runs.was_finished_by(conn, new)
    assert not runs.was_finished_by(conn, old)


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.LOST])
def test_nobody_finishes_a_run_as_something_else_than_a_result(status: RunStatus) -> None:
    with pytest.raises(ValueError, match=status):
        Outcome(status, "11")


def test_text_that_cannot_be_stored_does_not_keep_a_run_from_its_end(conn: Connection[Any], rows: Rows) -> None:
    lease = rows.claimed()
    record = {"a\0": ["\ud800", {"b": (float("nan"), 1.5, None, True)}]}
    assert runs.finish(conn, lease, replace(SUCCEEDED, record=record, problem=Problem(Code.NO_ROWS, "\0\udfff")))
    run = found(conn, lease.run_id)
    assert run.record == {r"a\x00": [r"\ud800", {"b": [None, 1.5, None, True]}]}
    assert run.problem and run.problem["message"] == r"\x00\udfff"


@pytest.mark.parametrize("passed", ["expire", "overrun"])
def test_a_run_whose_time_has_passed_goes_back_to_the_queue(conn: Connection[Any], rows: Rows, passed: str) -> None:
    waiting, fine = rows.queued(), rows.claimed()
    assert runs.mark_dispatched(conn, waiting.id)
    lease = claim(conn, waiting.id)
    assert lease
    getattr(rows, passed)(lease.run_id)
    (run,) = runs.release_expired(conn)
    assert (run.id, run.status, run.attempt, run.lease_token) == (lease.run_id, RunStatus.QUEUED, 2, None)
    assert not runs.finish(conn, lease, SUCCEEDED)
    assert [run.id for run in runs.undispatched(conn, 9)] == [lease.run_id]
    assert runs.renew(conn, fine, 120)


def test_a_run_is_lost_after_three_attempts(conn: Connection[Any], rows: Rows) -> None:
    run = rows.queued()
    released: list[Run] = []
    for _ in range(3):
        assert claim(conn, run.id)
        rows.expire(run.id)
        released += runs.release_expired(conn)
    assert [(each.status, each.attempt) for each in released] == [
        (RunStatus.QUEUED, 2),
        (RunStatus.QUEUED, 3),
        (RunStatus.LOST, 3),
    ]
    assert released[-1].finished_at and released[-1].problem and released[-1].problem["code"] == "RUN_LOST"
    assert claim(conn, run.id) is None


def test_two_that_release_at_once_do_not_wait_for_each_other(
    conn: Connection[Any], other: Connection[Any], rows: Rows
) -> None:
    for lease in (rows.claimed(), rows.claimed()):
        rows.expire(lease.run_id)
    with conn.transaction(), other.transaction():
        first, second = runs.release_expired(conn, limit=1), runs.release_expired(other)
    assert len(first) == len(second) == 1 and first != second


def test_a_run_that_is_held_is_decided_once_with_a_reason(conn: Connection[Any], rows: Rows) -> None:
    held = rows.finished(RunStatus.HELD)
    assert not held.is_good
    assert runs.decide(conn, held.id, Decision.APPROVED, "somebody", "The town is smaller now.")
    assert not runs.decide(conn, held.id, Decision.REJECTED, "somebody else", "No.")
    run = found(conn, held.id)
    assert run.is_good
    assert (run.decision, run.decided_by, run.decided_reason) == (
        Decision.APPROVED,
        "somebody",
        "The town is smaller now.",
    )


@pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.SKIPPED])
def test_only_runs_that_are_held_are_decided(conn: Connection[Any], rows: Rows, status: RunStatus) -> None:
    assert not runs.decide(conn, rows.finished(status).id, Decision.APPROVED, "somebody", "Yes.")


def test_nothing_is_kept_that_the_caller_does_not_commit(url: str, conn: Connection[Any], rows: Rows) -> None:
    run = rows.queued()
    with pytest.raises(ZeroDivisionError), conn.transaction():
        assert claim(conn, run.id)
        raise ZeroDivisionError
    assert found(conn, run.id) == run
