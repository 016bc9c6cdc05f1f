"""Any order of queueing, claiming, dying, finishing late, deciding and publishing: a run ends once."""

from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg import Connection

from openaddr.db import last_good, runs, sets
from openaddr.db.records import Decision, Lease, Outcome, Run, RunStatus, Trust
from tests.db.conftest import Rows, claim, found
from tests.postgres import empty

RESULTS = [RunStatus.SUCCEEDED, RunStatus.HELD, RunStatus.FAILED, RunStatus.SKIPPED]
MOST_RUNS = 8
"""One run lives through a lot, several get in each other's way: each example has a limit of its own up to this."""
FATES = ["goes on", "goes on", "dies", "dies", "dies", "succeeded", "held"]
# Mostly merged, or too little is ever published.
TRUSTS = st.sampled_from([Trust.MERGED, Trust.MERGED, Trust.UNMERGED, Trust.UNKNOWN])


class LifeCycle(RuleBasedStateMachine):
    """Asks for anything in any order, foretells each answer, and looks at all rows after each step."""

    known_runs = Bundle("known_runs")
    leases = Bundle("leases")

    def __init__(self, url: str, conn: Connection[Any]) -> None:
        super().__init__()
        empty(url)
        self.conn, self.rows = conn, Rows(conn)
        self.final: dict[int, Run] = {}
        self.latest = 0
        self.room = 0
        self.expired: set[int] = set()
        self.overrun: set[int] = set()
        started = sets.start(conn, "openaddresses/openaddresses", "abc")
        assert started
        self.set_id, self.listed, self.completed = started.id, False, False

    @initialize(room=st.sampled_from([1, 3, MOST_RUNS]))
    def limit_runs(self, room: int) -> None:
        self.room = room

    def has_room(self) -> bool:
        return len(runs.recent(self.conn, MOST_RUNS)) < self.room

    def is_current(self, lease: Lease) -> bool:
        """Whether the lease is the one of a run that goes on."""
        run = found(self.conn, lease.run_id)
        return run.status is RunStatus.RUNNING and run.lease_token == lease.token

    @precondition(has_room)
    @rule(target=known_runs, trust=TRUSTS, in_set=st.sampled_from([False, False, True]))
    def queue(self, trust: Trust, in_set: bool) -> int:
        set_id = self.set_id if in_set and not self.listed else None
        run = runs.queue(self.conn, self.rows.new(source_id="xx", trust=trust, set_id=set_id))
        return run.id

    @precondition(lambda self: not self.listed)
    @rule()
    def list_set(self) -> None:
        assert sets.mark_listed(self.conn, self.set_id)
        self.listed = True

    @precondition(has_room)
    @rule(target=known_runs, original=known_runs, trust=TRUSTS)
    def copy(self, original: int, trust: Trust) -> Any:
        run = found(self.conn, original)
        new = self.rows.new(source_id="xx", trust=trust)
        order = list(Trust)
        fit = run.status is RunStatus.SUCCEEDED and run.copy_of is None
        if fit and order.index(trust) <= order.index(run.trust):
            return runs.copy(self.conn, original, new).id
        try:
            runs.copy(self.conn, original, new)
        except ValueError:
            return multiple()
        raise AssertionError("it is no original")

    def is_in_time_again(self, run_id: int) -> None:
        """Note that neither lease nor deadline of a run has passed."""
        self.expired.discard(run_id)
        self.overrun.discard(run_id)

    @rule(target=leases, run_id=known_runs, then=st.sampled_from(FATES))
    def claim(self, run_id: int, then: str) -> Any:
        before = found(self.conn, run_id)
        taken_over = before.status is RunStatus.RUNNING and run_id in self.expired and before.attempt < 3
        lease = claim(self.conn, run_id)
        assert bool(lease) is (before.status is RunStatus.QUEUED or taken_over)
        if lease is None:
            return multiple()
        self.is_in_time_again(run_id)
        if then == "dies":
            self.time_passes(lease, "lease")
        elif then != "goes on":
            self.finish(lease, RunStatus(then))
        return lease

    @rule(lease=leases)
    def renew(self, lease: Lease) -> None:
        renewed = self.is_current(lease) and lease.run_id not in self.overrun
        assert runs.renew(self.conn, lease, 120) is renewed
        if renewed:
            self.expired.discard(lease.run_id)

    @rule(lease=leases, of=st.sampled_from(["lease", "deadline"]))
    def time_passes(self, lease: Lease, of: str) -> None:
        if self.is_current(lease) and of == "lease":
            self.rows.expire(lease.run_id)
            self.expired.add(lease.run_id)
        elif self.is_current(lease):
            self.rows.overrun(lease.run_id)
            self.overrun.add(lease.run_id)

    @rule()
    def release(self) -> None:
        released = runs.release_expired(self.conn)
        assert {run.id for run in released} == self.expired | self.overrun
        for run in released:
            assert run.status in (RunStatus.QUEUED, RunStatus.LOST)
            self.is_in_time_again(run.id)

    @rule(lease=leases, status=st.sampled_from(RESULTS))
    def finish(self, lease: Lease, status: RunStatus) -> None:
        current = self.is_current(lease)
        assert runs.finish(self.conn, lease, Outcome(status, "11", rows=len(self.final))) is current
        if current:
            self.is_in_time_again(lease.run_id)
            assert found(self.conn, lease.run_id).status is status

    @rule(run_id=known_runs, decision=st.sampled_from(Decision))
    def decide(self, run_id: int, decision: Decision) -> None:
        before = found(self.conn, run_id)
        undecided = before.status is RunStatus.HELD and before.decision is None
        assert runs.decide(self.conn, run_id, decision, "somebody", "Because.") is undecided

    @rule(newest_first=st.booleans())
    def publish(self, newest_first: bool) -> None:
        for run in runs.recent(self.conn, MOST_RUNS)[:: 1 if newest_first else -1]:
            moves = run.is_good and run.trust is Trust.MERGED and run.id > self.latest
            assert last_good.move(self.conn, run.id) is moves
            self.latest = run.id if moves else self.latest

    @invariant()
    def a_final_status_comes_in_three_attempts_and_only_its_decision_changes(self) -> None:
        for run in runs.recent(self.conn, MOST_RUNS):
            before = self.final.get(run.id)
            if before and before.decision is None and run.status is RunStatus.HELD:
                before = replace(
                    before,
                    decision=run.decision,
                    decided_by=run.decided_by,
                    decided_reason=run.decided_reason,
                    decided_at=run.decided_at,
                )
            assert before is None or before == run
            assert 1 <= run.attempt <= 3
            if run.status.is_final:
                self.final[run.id] = run

    @invariant()
    def the_latest_is_good_and_merged_and_never_moves_back(self) -> None:
        latest = last_good.get(self.conn, "xx", "addresses", "town")
        assert (latest.run_id if latest else 0) >= self.latest
        if latest:
            run = found(self.conn, latest.run_id)
            assert run.is_good and run.trust is Trust.MERGED
            self.latest = latest.run_id

    @invariant()
    def a_set_is_complete_as_soon_as_it_is_listed_and_its_runs_are_final(self) -> None:
        done = all(run.status.is_final for run in runs.of_set(self.conn, self.set_id))
        completes = self.listed and done and not self.completed
        assert sets.complete_if_done(self.conn, self.set_id) is completes
        self.completed |= completes


@pytest.mark.proves("I2")
def test_a_run_ends_once_whatever_happens(url: str, conn: Connection[Any]) -> None:
    class Here(LifeCycle):
        def __init__(self) -> None:
            super().__init__(url, conn)

    run_state_machine_as_test(Here, settings=settings(max_examples=80, stateful_step_count=50))
