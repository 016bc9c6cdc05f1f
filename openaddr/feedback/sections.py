"""Parts of answers that stand in the comment and in checks: what to do, what is worth a look, the end of a log."""

from collections.abc import Iterator, Sequence

from openaddr.feedback import advice
from openaddr.feedback.advice import Point
from openaddr.feedback.markdown import fenced, fitted, folded, link, text
from openaddr.feedback.report import Entry, Report, Verdict
from openaddr.words import plural

MOST_LINES = 30
MOST_BYTES = 18_000
"""What advice may have, so that the table beside it finds room."""


def what_to_do(report: Report) -> Iterator[str]:
    """What is wrong and helps against it, where something is to be done."""
    points = advice.failures(report)
    if points and report.verdict is not Verdict.SUPERSEDED:
        yield "#### What to do"
        yield _fitted(report, points)


def worth_a_look(report: Report, points: Sequence[Point]) -> Iterator[str]:
    """What may be a mistake, folded."""
    if points:
        about = f"Worth a look: {plural(len(points), 'thing')} that may be a mistake"
        yield folded(about, _fitted(report, points))


def log(entry: Entry) -> Iterator[str]:
    """The end of the log of a run, folded."""
    if entry.log_tail.strip():
        lines = entry.log_tail.splitlines()[-MOST_LINES:]
        yield folded(f"Last lines of the log of {text(entry.label, 120)}", fenced(lines))


def _fitted(report: Report, points: Sequence[Point]) -> str:
    left_out = f"There is more: see {link('the page of this job', report.job_url)}."
    return fitted(advice.told(report, points), MOST_BYTES, left_out)
