"""What to do: what was found by run or lint, put together by what helps against it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from openaddr.feedback import links
from openaddr.feedback.markdown import code, items, link, sentence, text
from openaddr.feedback.report import FAILURES, Entry, Outcome, Report
from openaddr.lint.catalogue import BY_CODE
from openaddr.lint.findings import Finding, Severity
from openaddr.recorded import Told, explained
from openaddr.words import plural

MOST_GROUPS, MOST_PLACES = 8, 5
"""Kinds of problems that are told, and places of each."""


@dataclass(frozen=True)
class Point:
    """Something found at a place. `about` says of which layer source, '' where the place says enough."""

    code: str
    title: str
    hint: str
    message: str
    path: str
    line: int | None
    about: str = ""


BAD = (*FAILURES, Outcome.HELD, Outcome.UNFINISHED)
"""What keeps a job from being good."""


def failures(report: Report) -> list[Point]:
    """What keeps a job from being good: what is wrong first, then what waits, then what is our fault."""
    wrong = [of_entry(entry) for entry in report.having(*FAILURES)]
    others = [of_entry(entry) for entry in report.having(Outcome.HELD, Outcome.UNFINISHED)]
    return _once([*wrong, *errors(report), *others])


def suspicions(report: Report) -> list[Point]:
    """What may be a mistake: warnings of the runs, then what the lint says."""
    warned = [point for entry in report.having(Outcome.GOOD, Outcome.HELD) for point in warnings(entry)]
    return _once([*warned, *looks(report)])


def errors(report: Report) -> list[Point]:
    """What the lint says is wrong."""
    return [of_finding(path, finding) for path, finding in report.bugs]


def looks(report: Report) -> list[Point]:
    """What the lint says is worth a look."""
    return [*_found(report, Severity.WARNING), *_found(report, Severity.HINT)]


def of_entry(entry: Entry) -> Point:
    """What is wrong with a run."""
    found = _of(entry, entry.problem or Told("", "It is not known why."))
    if entry.outcome is Outcome.UNFINISHED:
        # What helps is told to operators.
        return replace(found, hint="")
    if entry.outcome is Outcome.REJECTED:
        decided = f"Rejected by {entry.run.decided_by}: {entry.run.decided_reason}"
        return replace(found, message=f"{found.message} {decided}")
    return found


def warnings(entry: Entry) -> list[Point]:
    """What looks like a mistake in the rows of a run."""
    return [_of(entry, warning) for warning in entry.record.warnings]


def of_finding(path: str, finding: Finding) -> Point:
    """What the lint found."""
    return Point(finding.rule, title_of(finding.rule), finding.instead, finding.message, path, finding.line)


def title_of(rule: str) -> str:
    """What a rule of the lint, or a code, is about."""
    found = explained(rule)
    return BY_CODE[rule].title if rule in BY_CODE else found.title if found else rule


def told(report: Report, points: Iterable[Point]) -> Iterator[str]:
    """Points in Markdown: one paragraph and one list for each thing to do."""
    groups: dict[tuple[str, str], list[Point]] = {}
    for point in points:
        groups.setdefault((point.code, point.hint), []).append(point)
    for (found, hint), same in list(groups.items())[:MOST_GROUPS]:
        page = links.problem_page(report, found)
        more = f"({link(code(found), page)})" if page else ""
        yield " ".join(filter(None, (f"**{sentence(same[0].title)}.**", sentence(hint), more)))
        yield items(
            [*(_place(report, point) for point in same[:MOST_PLACES]), *_more(len(same) - MOST_PLACES, "place")]
        )
    left = sum(map(len, list(groups.values())[MOST_GROUPS:]))
    yield from (f"{more[0].upper()}{more[1:]}" for more in _more(left, "problem"))


def _place(report: Report, point: Point) -> str:
    where = f"{point.path.removeprefix('sources/')}{f', line {point.line}' if point.line else ''}"
    about = f", {text(point.about, 120)}" if point.about else ""
    return (
        f"{link(text(where, 160), links.file_line(report, point.path, point.line))}{about}: {sentence(point.message)}"
    )


def _more(count: int, what: str) -> list[str]:
    return [f"and {plural(count, f'more {what}')}."] if count > 0 else []


def _of(entry: Entry, problem: Told) -> Point:
    about = f"{entry.run.layer} {entry.run.name}"
    line = problem.line or entry.line
    return Point(
        problem.code, problem.title or "There is no result", problem.advice, problem.message, entry.path, line, about
    )


def _found(report: Report, severity: Severity) -> Iterator[Point]:
    for path, findings in report.findings.items():
        yield from (of_finding(path, finding) for finding in findings if finding.severity is severity)


def _once(points: Iterable[Point]) -> list[Point]:
    """Without what the lint says of a line of which a run says the same."""
    found: dict[object, Point] = {}
    for point in points:
        found.setdefault((point.code, point.path, point.line, point.message), point)
    return list(found.values())
