"""What a job comes to: tables of outcomes and verdicts."""

from typing import Any

import pytest

from openaddr.db.records import Decision, JobStatus, RunStatus
from openaddr.errors import Code
from openaddr.feedback.report import Outcome, Report, Verdict
from openaddr.lint.findings import Finding, Severity
from tests.feedback.making import failed, good, held, placed, problem, report, run
from tests.feedback.scenarios import lost, scenarios, skipped

BUG = Finding("schema", Severity.BUG, "/layers", "It is wrong.", "Write it well.", 3, 1, 4, 2)
DECIDED = {"decided_by": "anna", "decided_reason": "So be it."}


@pytest.mark.parametrize(
    ("status", "changes", "outcome"),
    [
        (RunStatus.QUEUED, {}, Outcome.WAITING),
        (RunStatus.RUNNING, {}, Outcome.RUNNING),
        (RunStatus.SUCCEEDED, {}, Outcome.GOOD),
        (RunStatus.HELD, {}, Outcome.HELD),
        (RunStatus.HELD, {"decision": Decision.APPROVED, **DECIDED}, Outcome.GOOD),
        (RunStatus.HELD, {"decision": Decision.REJECTED, **DECIDED}, Outcome.REJECTED),
        (RunStatus.SKIPPED, {}, Outcome.SKIPPED),
        (RunStatus.SKIPPED, {"problem": problem(Code.RUN_SUPERSEDED, "A push came.")}, Outcome.SUPERSEDED),
        (RunStatus.LOST, {}, Outcome.UNFINISHED),
        (RunStatus.FAILED, {"problem": problem(Code.HTTP_404, "404")}, Outcome.FAILED),
        (RunStatus.FAILED, {"problem": problem(Code.STORAGE_FULL, "Full.")}, Outcome.UNFINISHED),
        (RunStatus.FAILED, {"problem": problem(Code.INTERNAL, "Oh.")}, Outcome.UNFINISHED),
        (RunStatus.FAILED, {"problem": {"code": "OF_NEWER_CODE"}}, Outcome.UNFINISHED),
        (RunStatus.FAILED, {"problem": ["nonsense"]}, Outcome.UNFINISHED),
    ],
)
def test_a_run_has_one_outcome(status: RunStatus, changes: dict[str, Any], outcome: Outcome) -> None:
    assert placed(run(1, status, **changes)).outcome is outcome


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        (report(good(), status=JobStatus.RUNNING), Verdict.CHECKING),
        (report(held(), status=JobStatus.RUNNING), Verdict.CHECKING),
        (report(failed(), status=JobStatus.RUNNING), Verdict.FAILED),
        (report(good(), skipped()), Verdict.GOOD),
        (report(skipped()), Verdict.NOTHING),
        (report(), Verdict.NOTHING),
        (report(good(), held(), status=JobStatus.HELD), Verdict.HELD),
        (report(held(), lost(), status=JobStatus.FAILED), Verdict.ERRORED),
        (report(failed(), lost(), held(), status=JobStatus.FAILED), Verdict.FAILED),
        (report(good(), findings={"sources/a.json": (BUG,)}), Verdict.FAILED),
        (report(problem=problem(Code.GITHUB_AWAY, "502"), status=JobStatus.ERRORED), Verdict.ERRORED),
        (report(failed(), status=JobStatus.SUPERSEDED), Verdict.SUPERSEDED),
    ],
)
def test_the_worst_decides_and_our_fault_is_not_theirs(made: Report, verdict: Verdict) -> None:
    assert made.verdict is verdict


def test_there_is_a_scenario_for_every_outcome_and_verdict() -> None:
    known = scenarios().values()
    assert {made.verdict for made in known} == set(Verdict)
    assert {entry.outcome for made in known for entry in made.entries} == set(Outcome)


def test_failures_come_first_and_each_file_once() -> None:
    made = report(good(1), skipped(), failed(2, name="b"), failed(3, name="a"), held(4))
    order = [entry.outcome for entry in made.worst_first]
    assert order == [Outcome.FAILED, Outcome.FAILED, Outcome.HELD, Outcome.SKIPPED, Outcome.GOOD]
    assert [entry.run.name for entry in made.worst_first[:2]] == ["a", "b"]
    assert made.files == ("sources/us/ca/alameda.json",)
