"""The cells of the table, what is left out of it, and where its links lead."""

import pytest

from dashboards import links as pages
from openaddr.db.records import JobStatus, RunStatus
from openaddr.errors import Code
from openaddr.feedback import links, table
from openaddr.feedback.comment import LONGEST, comment
from openaddr.feedback.report import Entry
from tests.feedback.github import seen
from tests.feedback.making import JOB, SITE, failed, good, placed, record, report, run

KEPT = "\u00a0"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (good(rows=10_250, before=10_000), "+2.5 % (was 10,000)"),
        (good(rows=8_800, before=10_000), "−12 % (was 10,000)"),
        (good(rows=10, before=10), "none"),
        (good(before=None), "new"),
        (placed(run(1, RunStatus.RUNNING, None)), "–"),
    ],
)
def test_the_change_is_told_beside_the_last_good_run(entry: Entry, told: str) -> None:
    assert table.changed(entry).replace(KEPT, " ") == told


@pytest.mark.parametrize(
    ("layer", "fills", "told"),
    [
        ("addresses", {"postcode": 1, "number": 1_000, "street": 999}, "number 100 %, street > 99 %, postcode 0.1 %"),
        ("addresses", {"number": 2_000, "street": -5}, "number 100 %, street 0 %"),
        ("parcels", {"pid": 500}, "pid 50 %"),
        ("buildings", {}, "–"),
        ("of tomorrow", {"number": 5}, "–"),
    ],
)
def test_the_attributes_that_count_are_told_in_their_order(layer: str, fills: dict[str, int], told: str) -> None:
    entry = placed(run(1, layer=layer, rows=1_000, record=record(1_000, fills=fills)))
    assert table.filled(entry).replace(KEPT, " ") == told


def test_a_record_that_is_nonsense_breaks_nothing() -> None:
    entry = placed(run(1, rows=5, record={"fills": "many", "misplaced": 3, "outputs": [], "warnings": [{}]}))
    assert (table.filled(entry), table.outside(entry)) == ("–", "–")
    assert "us/ca/alameda addresses county is good" in comment(report(entry))


def test_a_copy_says_so_and_its_pages_are_those_of_the_run_that_it_copies() -> None:
    entry = good(7, copy_of=3)
    assert table.result(entry).replace(KEPT, " ") == "✅ Good, as before"
    made = report(entry)
    assert links.map_page(made, entry) == f"{SITE}/runs/3/map/" and links.run_page(made, entry) == f"{SITE}/runs/7/"


def test_links_lead_to_pages_of_the_site() -> None:
    made, entry = report(good(7)), good(7)
    assert links.run_page(made, entry) == pages.address(SITE, pages.run(7))
    assert links.map_page(made, entry) == pages.address(SITE, pages.map_of(7))
    assert links.rows_page(made, entry) == pages.address(SITE, pages.sample(7))
    assert links.problem_page(made, Code.HTTP_404) == pages.address(SITE, pages.problem(Code.HTTP_404))
    assert made.job_url == pages.address(SITE, pages.job(JOB))
    assert links.problem_page(made, "../../evil") == ""


def test_without_a_site_nothing_is_linked_but_github() -> None:
    made = report(good(), failed(2, name="city"), site_url="", job_url="", status=JobStatus.FAILED)
    assert {link.split("/")[2] for link in seen(comment(made)).links} == {"github.com"}


def test_of_200_layers_100_are_shown_and_the_others_are_counted() -> None:
    bad = (failed(number, source_id=f"xx/{number:03}") for number in range(1, 121))
    fine = (good(number, source_id=f"xx/{number:03}") for number in range(121, 201))
    said = seen(table.of_entries(report(*bad, *fine)))
    assert said.tags.count("tr") == 101
    assert "And 100 more layers: 20 failed, 80 good." in said.text


@pytest.mark.parametrize("letter", ["a", "é", "街", "🏠", "`|<"])
def test_no_length_of_names_and_texts_makes_a_comment_too_long(letter: str) -> None:
    many = (
        failed(number, message=letter * 900, source_id=f"xx/{number}", name=letter * 300, problem=told(letter, number))
        for number in range(200)
    )
    made = comment(report(*many, status=JobStatus.FAILED))
    assert len(made.encode()) < LONGEST and made.endswith("</sub>") and "more layer" in made


def told(letter: str, number: int) -> dict[str, object]:
    return {"code": list(Code)[number % 40], "message": letter * 900, "hint": letter * 900, "line": 3}
