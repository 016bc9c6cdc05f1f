"""All findings of one source file."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from openaddr.errors import Problem, ProblemError
from openaddr.lint.catalogue import CHECKS
from openaddr.lint.findings import Finding, Found, Severity
from openaddr.lint.read import read_subject
from openaddr.lint.rules.check import Check
from openaddr.lint.rules.problems import WARNINGS, problems
from openaddr.lint.subject import Subject
from openaddr.source.positions import Layout, layout

MOST = 200
"""Findings of one rule in one file; nobody reads more."""


def check_bytes(identity: str, raw: bytes) -> list[Finding]:
    """The findings of a source file, in the order of the file. A file that cannot be read is a finding, too.

    In a source that is skipped anyway everything is a hint.
    """
    try:
        subject, refused = read_subject(identity, raw)
    except ProblemError as error:
        return [unreadable(error.problem)]
    places = layout(subject.text)
    found = [_located(check, one, places) for check in CHECKS for one in islice(check.look(subject), MOST)]
    shape = {one.pointer for one in found if one.rule == "schema"}
    said = (problem for problem in (*refused, *problems(subject)) if not _is_said(problem.pointer or "", shape))
    found += [_of_problem(problem, places) for problem in islice(said, MOST)]
    found = [replace(one, severity=Severity.HINT) if _is_skipped(one, subject) else one for one in found]
    return sorted(found, key=lambda one: (one.line, one.column, one.rule))


def unreadable(problem: Problem) -> Finding:
    """The finding of a file in which nothing has a place."""
    line = problem.line or 1
    instead = problem.hint or problem.explanation.hint
    return Finding(problem.code, Severity.BUG, problem.pointer or "", problem.message, instead, line, 1, line, 1)


def _is_skipped(finding: Finding, subject: Subject) -> bool:
    return any(f"{finding.pointer}/".startswith(f"{pointer}/") for pointer in subject.skipped)


def _is_said(pointer: str, shape: set[str]) -> bool:
    """Whether the schema has told of the same value, or of something in it or around it."""
    return any(f"{pointer}/".startswith(f"{at}/") or f"{at}/".startswith(f"{pointer}/") for at in shape)


def _of_problem(problem: Problem, places: Layout) -> Finding:
    severity = Severity.WARNING if problem.code in WARNINGS else Severity.BUG
    check = Check(problem.code, severity, "", problem.hint or problem.explanation.hint, _nothing)
    return _located(check, Found(problem.pointer or "", problem.message), places)


def _nothing(subject: Subject) -> Iterator[Found]:
    yield from ()


def _located(check: Check, found: Found, places: Layout) -> Finding:
    """A finding at its characters: the value, or the name where it is about that or the value is long."""
    nearest = places.nearest(found.pointer)
    span = places.spans[nearest]
    start, end = span.start, span.end
    first, last = places.position(start), places.position(end)
    by_name = found.at_name or first.line != last.line
    if by_name and span.name is not None:
        start, end = span.name
    elif first.line != last.line:
        end = start + 1
    first, last = places.position(start), places.position(end)
    return Finding(
        check.code,
        check.severity,
        found.pointer,
        found.message,
        found.instead or check.instead,
        first.line,
        first.column,
        last.line,
        last.column,
        found.fix if nearest == found.pointer else None,
        found.fix is not None and found.fix.name,
    )
