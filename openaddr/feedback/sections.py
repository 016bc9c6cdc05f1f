"""Parts of answers that stand in the comment and in checks: what to do, what is worth a look, the end of a log."""

from collections.abc import Iterator, Sequence

from openaddr.feedback import advice
from openaddr.feedback.advice import Point
from openaddr.feedback.markdown import fenced, folded, text
from openaddr.feedback.report import Entry, Report, Verdict
from openaddr.words import plural

MOST_LINES = 30


def what_to_do(report: Report) -> Iterator[str]:
    """What is wrong and helps against it, where something is to be done."""
    points = advice.failures(report)
    if points and report.verdict is not Verdict.SUPERSEDED:
        yield "#### What to do"
        yield from advice.told(report, points)


def worth_a_look(report: Report, points: Sequence[Point]) -> Iterator[str]:
    """What may be a mistake, folded."""
    if points:
        about = f"Worth a look: {plural(len(points), 'thing')} that may be a mistake"
        yield folded(about, "\n\n".join(advice.told(report, points)))


def log(entry: Entry) -> Iterator[str]:
    """The end of the log of a run, folded."""
    if entry.log_tail.strip():
        lines = entry.log_tail.splitlines()[-MOST_LINES:]
        yield folded(f"Last lines of the log of {text(entry.label, 120)}", fenced(lines))
