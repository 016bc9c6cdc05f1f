"""Check runs: what is done, which buttons there are, and annotations in portions."""

import pytest

from openaddr.db.records import JobStatus, RunStatus
from openaddr.feedback.annotations import AT_ONCE, MOST, of_findings
from openaddr.feedback.check import APPROVE_DROP, RERUN_FRESH, Check, Conclusion, State, bodies
from openaddr.feedback.checks import LINT, MACHINE, MOST_LAYERS, checks
from openaddr.feedback.report import Report
from openaddr.lint.findings import Finding, Severity
from tests.feedback.making import good, held, placed, report, run
from tests.feedback.scenarios import many, scenarios


def finding(number: int, severity: Severity = Severity.HINT) -> Finding:
    return Finding("schema", severity, "/layers", f"Thing {number}.", "Mend it.", number, 1, number, 9)


def named(made: Report) -> dict[str, Check]:
    return {check.name: check for check in checks(made)}


@pytest.mark.parametrize(
    ("name", "lint", "machine"),
    [
        ("looking", None, None),
        ("checking", Conclusion.SUCCESS, None),
        ("all-good", Conclusion.SUCCESS, Conclusion.SUCCESS),
        ("lint-errors", Conclusion.FAILURE, Conclusion.FAILURE),
        ("one-failed", Conclusion.SUCCESS, Conclusion.FAILURE),
        ("held", Conclusion.SUCCESS, Conclusion.ACTION_REQUIRED),
        ("superseded", Conclusion.SUCCESS, Conclusion.CANCELLED),
        ("skipped", Conclusion.SUCCESS, Conclusion.SUCCESS),
    ],
)
def test_the_lint_is_answered_before_the_job(name: str, lint: Conclusion | None, machine: Conclusion | None) -> None:
    found = named(scenarios()[name])
    assert (found[LINT].conclusion, found[MACHINE].conclusion) == (lint, machine)


def test_a_change_without_source_files_has_no_check_of_the_lint() -> None:
    assert list(named(report())) == [MACHINE]


def test_each_layer_has_a_check_of_its_own_as_far_as_it_is() -> None:
    waiting = placed(run(1, RunStatus.QUEUED, None))
    running = placed(run(2, RunStatus.RUNNING, None, name="city"))
    found = named(report(waiting, running, good(3, name="town"), status=JobStatus.RUNNING))
    assert [check.status for check in found.values()][2:] == [State.IN_PROGRESS, State.QUEUED, State.COMPLETED]
    assert found["openaddresses/us/ca/alameda addresses town"].external_id == "3"


def test_more_layers_than_20_have_the_check_of_the_job_only() -> None:
    assert len(checks(report(*many(MOST_LAYERS)))) == 2 + MOST_LAYERS
    assert list(named(report(*many(MOST_LAYERS + 1)))) == [LINT, MACHINE]


def test_only_what_is_held_can_be_approved_and_where_it_has_a_check() -> None:
    found = named(report(held(1), good(2, name="city"), status=JobStatus.HELD))
    assert {name: APPROVE_DROP in check.actions for name, check in found.items()} == {
        LINT: False,
        MACHINE: False,
        "openaddresses/us/ca/alameda addresses county": True,
        "openaddresses/us/ca/alameda addresses city": False,
    }
    long = named(report(held(900), *many(MOST_LAYERS), status=JobStatus.HELD))
    assert long[MACHINE].actions == (RERUN_FRESH,), "which of them it approves could not be said"


def test_nothing_can_be_started_again_while_it_goes_on_or_when_it_is_replaced() -> None:
    for name in ("checking", "superseded"):
        assert named(scenarios()[name])[MACHINE].actions == ()


def test_annotations_are_sent_50_at_a_time_and_none_is_sent_twice() -> None:
    made = report(findings={"sources/a.json": tuple(finding(number) for number in range(1, 121))})
    sent = list(bodies(named(made)[LINT]))
    lines = [annotation["start_line"] for body in sent for annotation in body["output"]["annotations"]]
    assert [len(body["output"]["annotations"]) for body in sent] == [AT_ONCE, AT_ONCE, 20]
    assert lines == list(range(1, 121))
    assert sent[0]["conclusion"] == "success" and set(sent[1]) == {"output"}


def test_of_thousands_of_findings_the_worst_are_marked_and_a_few_of_each_file() -> None:
    hints = tuple(finding(number) for number in range(1, 201))
    files = {f"sources/{place}.json": hints for place in range(20)}
    files["sources/last.json"] = (finding(1), finding(7, Severity.BUG))
    made = report(findings=files)
    found, left_out = of_findings(made)
    assert len(found) == MOST and left_out == 20 * 200 + 2 - MOST
    assert (found[0].path, found[0].start_line) == ("sources/last.json", 7)
    assert {annotation.path for annotation in found[1:21]} == {f"sources/{place}.json" for place in range(20)}
    assert f"{MOST:,} of 4,002 findings" in named(made)[LINT].summary
