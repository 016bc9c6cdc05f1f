"""What is said of jobs of every kind: kept as golden files, and held to what GitHub takes and shows."""

import json
import re
from pathlib import Path

import pytest

from openaddr.feedback.check import Check, bodies
from openaddr.feedback.checks import checks
from openaddr.feedback.comment import LONGEST, MARKER, comment
from openaddr.feedback.paragraphs import ABOUT
from openaddr.feedback.statuses import status
from tests.dashboards.making import COMMIT
from tests.feedback.github import seen
from tests.feedback.making import SITE
from tests.feedback.scenarios import scenarios
from tests.golden import assert_golden

GOLDEN = Path(__file__).parent / "golden"
NAMES = list(scenarios())
FILES = f"https://github.com/openaddresses/openaddresses/blob/{COMMIT}/sources/"
OURS = {"h3", "h4", "p", "strong", "code", "pre", "a", "ul", "li", "sub", "span"}
OURS |= {"table", "thead", "tbody", "tr", "th", "td", "details", "summary", "picture", "source", "img"}


def told(check: Check) -> dict[str, object]:
    """What GitHub is sent for a check, in order."""
    first, *others = bodies(check)
    return first | ({"further": len(others)} if others else {})


@pytest.mark.parametrize("name", NAMES)
def test_the_comment_says_what_it_should(name: str) -> None:
    assert_golden(GOLDEN / f"{name}.md", comment(scenarios()[name]) + "\n")


@pytest.mark.parametrize("name", NAMES)
def test_status_and_checks_say_what_they_should(name: str) -> None:
    report = scenarios()[name]
    made = {"status": status(report).__dict__, "checks": [told(check) for check in checks(report)]}
    assert_golden(GOLDEN / f"{name}.json", json.dumps(made, indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("name", NAMES)
def test_no_comment_is_longer_than_github_takes_and_each_is_found_again(name: str) -> None:
    made = comment(scenarios()[name])
    assert made.startswith(f"{MARKER}\n") and len(made.encode()) < LONGEST


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_in_an_answer_but_what_we_put_there(name: str) -> None:
    report = scenarios()[name]
    for text in (comment(report), *(check.summary for check in checks(report))):
        found = seen(text.removeprefix(MARKER))
        assert set(found.tags) <= OURS and not found.references
        assert [
            link for link in (*found.links, *found.images) if not link.startswith((SITE, FILES)) and link != ABOUT
        ] == []
        assert not re.search(r"\bNone\b", found.text)


@pytest.mark.parametrize("name", NAMES)
def test_every_check_is_one_that_github_takes(name: str) -> None:
    found = checks(scenarios()[name])
    assert len({check.name for check in found}) == len(found)
    for check in found:
        assert (check.status == "completed") is (check.conclusion is not None)
        assert 0 < len(check.summary.encode()) < 65_536 and check.title and len(check.name) < 256
        for action in check.actions:
            assert len(action.label) <= 20 and len(action.description) <= 40 and len(action.identifier) <= 20
        for annotation in check.annotations:
            assert annotation.message and 1 <= annotation.start_line <= annotation.end_line


def test_every_golden_file_has_a_job_that_it_is_of() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(NAMES)
