"""The one comment of a pull request, which is edited in place: found again by its first line."""

from collections.abc import Iterator

from openaddr.feedback import advice, links, table
from openaddr.feedback import markdown as md
from openaddr.feedback.paragraphs import MARKS, foot, headline, meaning, notes
from openaddr.feedback.report import Entry, Outcome, Report, Verdict
from openaddr.feedback.sections import log, what_to_do, worth_a_look

MARKER = "<!-- openaddr-machine -->"
LONGEST = 65_536
"""Characters that GitHub takes."""
MOST_PICTURES, MOST_SAMPLES, MOST_LOGS = 4, 4, 4
MOST_ROWS, MOST_COLUMNS, MOST_CELL = 5, 12, 60
WIDTH, NARROW = 480, 320
OF_NO_INTEREST = {"hash"}
"""Columns that say nothing to people."""


def comment(report: Report) -> str:
    """The comment for a job as it is now."""
    end = foot(report)
    head = f"{MARKER}\n### {MARKS[report.verdict]} {md.text(headline(report))}"
    where = md.link("the page of this job", report.job_url)
    left_out = f"This is not all: GitHub takes no longer comments. The rest is on {where}."
    return f"{md.fitted([head, *_blocks(report)], LONGEST - len(end.encode()) - 2, left_out)}\n\n{end}"


def _blocks(report: Report) -> Iterator[str]:
    """What stands in it, the most useful first."""
    yield meaning(report)
    if report.verdict is Verdict.SUPERSEDED:
        return
    yield from what_to_do(report)
    yield table.of_entries(report)
    yield from notes(report)
    yield from _pictures(report)
    yield from worth_a_look(report, advice.suspicions(report))
    yield from _samples(report)
    for entry in report.having(Outcome.FAILED, Outcome.UNFINISHED)[:MOST_LOGS]:
        yield from log(entry)


def _pictures(report: Report) -> Iterator[str]:
    """Where the rows are, side by side."""
    drawn = [entry for entry in report.having(Outcome.HELD, Outcome.GOOD) if entry.preview][:MOST_PICTURES]
    width = WIDTH if len(drawn) == 1 else NARROW
    yield " ".join(filter(None, (_picture(report, entry, width) for entry in drawn)))


def _picture(report: Report, entry: Entry, width: int) -> str:
    image = md.picture(entry.preview, entry.preview_dark, f"Map of the rows of {entry.label}", width)
    return image and md.link(image, links.map_page(report, entry) or links.run_page(report, entry))


def _samples(report: Report) -> Iterator[str]:
    sampled = [entry for entry in report.having(Outcome.HELD, Outcome.GOOD) if entry.sample]
    for entry in sampled[:MOST_SAMPLES]:
        yield md.folded(f"First rows of {md.text(entry.label, 120)}", _sample(entry))


def _sample(entry: Entry) -> str:
    """The first rows, without columns that are empty in all of them."""
    rows = entry.sample[:MOST_ROWS]
    names = dict.fromkeys(name for row in rows for name in row if row[name] and name not in OF_NO_INTEREST)
    columns = list(names)[:MOST_COLUMNS]
    cells = ([md.text(row.get(name, ""), MOST_CELL) for name in columns] for row in rows)
    return md.table([md.text(name, MOST_CELL) for name in columns], cells)
