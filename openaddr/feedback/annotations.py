"""Annotations: what is said beside the lines of a pull request. Their texts are plain, without Markdown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from openaddr.feedback.advice import BAD, Point, of_entry, of_finding, warnings
from openaddr.feedback.report import FAILURES, Entry, Report
from openaddr.lint.findings import Finding, Severity
from openaddr.words import shown

AT_ONCE = 50
"""What GitHub takes in one request; it keeps those of earlier ones."""
MOST = 500
"""Beyond, nobody reads, and every 50 are a request."""
LONGEST_TITLE, LONGEST_MESSAGE = 255, 4_000


class Level(StrEnum):
    """How bad it is, for GitHub."""

    FAILURE = "failure"
    WARNING = "warning"
    NOTICE = "notice"


LEVELS = {Severity.BUG: Level.FAILURE, Severity.WARNING: Level.WARNING, Severity.HINT: Level.NOTICE}


@dataclass(frozen=True)
class Annotation:
    """What is said of some lines of a file, as GitHub names it."""

    path: str
    start_line: int
    end_line: int
    annotation_level: Level
    title: str
    message: str
    raw_details: str


def of_findings(report: Report) -> tuple[list[Annotation], int]:
    """What the lint says, and how many findings that leaves out.

    The worst come first; among those equally bad, the first of every file come before the second of any.
    """
    ranked = [
        (list(Severity).index(finding.severity), turn, path, finding)
        for path, findings in report.findings.items()
        for turn, finding in enumerate(sorted(findings, key=lambda one: list(Severity).index(one.severity)))
    ]
    ranked.sort(key=lambda found: found[:3])
    return [_of_finding(path, finding) for *_, path, finding in ranked[:MOST]], max(0, len(ranked) - MOST)


def of_run(entry: Entry) -> list[Annotation]:
    """What a run says of its source file: its problem, then its warnings."""
    if entry.outcome in BAD:
        level = Level.FAILURE if entry.outcome in FAILURES else Level.WARNING
        return [_of_point(of_entry(entry), level)]
    return [_of_point(point, Level.WARNING) for point in warnings(entry)[:AT_ONCE]]


def batches(annotations: Iterable[Annotation]) -> Iterator[list[Annotation]]:
    """So many as one request may have, and an empty one first where there are none."""
    found = list(annotations)
    for start in range(0, max(1, len(found)), AT_ONCE):
        yield found[start : start + AT_ONCE]


def _of_finding(path: str, finding: Finding) -> Annotation:
    return _of_point(of_finding(path, finding), LEVELS[finding.severity], finding.end_line, finding.pointer)


def _of_point(point: Point, level: Level, end_line: int = 0, pointer: str = "") -> Annotation:
    start = max(1, point.line or 1)
    message = f"{point.message} {point.hint}".strip()
    details = f"{point.code} {pointer or point.about}".strip()
    return Annotation(
        point.path,
        start,
        max(start, end_line),
        level,
        shown(point.title, LONGEST_TITLE),
        shown(message, LONGEST_MESSAGE) or "There is no more to say.",
        shown(details, LONGEST_MESSAGE),
    )
