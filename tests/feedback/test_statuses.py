"""The status of a commit: the predecessor's words, and never more than GitHub takes."""

import pytest

from openaddr.db.records import JobStatus, RunStatus
from openaddr.feedback.report import Report
from openaddr.feedback.statuses import CONTEXT, LONGEST, State, shortened, status
from tests.feedback.making import failed, good, placed, report, run
from tests.feedback.scenarios import scenarios

TOWN, CITY = "sources/xx/town.json", "sources/xx/city.json"
TOLD = {
    "all-good": (State.SUCCESS, "Succeeded on sources/us/ca/alameda.json"),
    "one-failed": (State.FAILURE, "Failed on sources/us/ca/alameda.json from sources/us/ca/alameda.json"),
    "lint-errors": (State.FAILURE, "Failed on sources/us/ca/alameda.json from sources/us/ca/alameda.json"),
    "held": (
        State.FAILURE,
        "Held: sources/us/ca/alameda.json: there are far fewer rows than in the last good run",
    ),
    "decided": (State.FAILURE, "Failed on sources/us/ca/alameda.json from sources/us/ca/alameda.json"),
    "lost": (State.ERROR, "Errored on sources/us/ca/alameda.json: the fault is ours, a new run may help"),
    "checking": (State.PENDING, "Checking sources/us/ca/alameda.json"),
    "queued": (State.PENDING, "Checking sources/us/ca/alameda.json (12 runs of others first)"),
    "looking": (State.PENDING, "Checking sources/us/ca/alameda.json"),
    "skipped": (State.SUCCESS, "Nothing to check"),
    "superseded": (State.ERROR, "Superseded by 89abcde, which is checked instead"),
    "job-problem": (State.ERROR, "Could not read source files: api.github.com answers 502."),
    "nothing": (State.SUCCESS, "Nothing to check"),
    "unchanged": (State.SUCCESS, "Nothing to check"),
    "removed": (State.SUCCESS, "Nothing to check"),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_job_has_the_status_that_tools_know(name: str) -> None:
    found = status(scenarios()[name])
    assert (found.state, found.description) == TOLD[name]
    assert found.context == CONTEXT == "openaddresses/hooked"
    assert found.target_url == "https://results.example.org/jobs/2f1e6a54-7d0c-4c1c-9c1f-0a9d1b7c3e55/"


@pytest.mark.parametrize("name", scenarios())
def test_no_description_is_longer_than_github_takes(name: str) -> None:
    description = status(scenarios()[name]).description
    assert description and len(description) <= LONGEST and description.isprintable()


def test_the_place_in_the_queue_is_told_however_many_files_there_are() -> None:
    entries = [placed(run(number, RunStatus.QUEUED, None, source_id=f"xx/{number}")) for number in range(1, 100)]
    description = status(report(*entries, status=JobStatus.RUNNING, ahead=1)).description
    assert description.startswith("Checking sources/xx/1.json, ") and len(description) <= LONGEST
    assert description.endswith(", sources/xx/5.json… (1 run of others first)")


def test_one_failure_is_told_while_others_run() -> None:
    bad, rest = failed(1, source_id="xx/town"), placed(run(2, RunStatus.QUEUED, None, source_id="xx/city"))
    found = status(report(bad, rest, status=JobStatus.RUNNING))
    assert (found.state, found.description) == (State.FAILURE, f"Failed on {TOWN} from {TOWN}, {CITY}")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("a" * 20, "a" * 20),
        ("a" * 21, "a" * 19 + "…"),
        ("Checking aaaa, bbbb, cccc", "Checking aaaa…"),
        ("Checking aaaa, bbb, cccc", "Checking aaaa, bbb…"),
        ("x " + "a" * 30, "x " + "a" * 17 + "…"),
    ],
)
def test_a_text_is_cut_behind_a_word(words: str, told: str) -> None:
    assert shortened(words, 20) == told


def test_a_job_of_2566_files_has_a_status() -> None:
    many: Report = report(*(good(number, source_id=f"xx/{number}") for number in range(1, 2_567)))
    assert status(many).description.startswith("Succeeded on sources/xx/1.json, sources/xx/2.json")
