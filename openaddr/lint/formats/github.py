"""Workflow commands of GitHub Actions, which become annotations on the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from openaddr.lint.findings import Severity
from openaddr.lint.formats.report import Report
from openaddr.run import printable

LEVELS = {Severity.BUG: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}


def as_github(reports: Iterable[Report]) -> Iterator[str]:
    """One workflow command for each finding."""
    for report in reports:
        for finding in report.findings:
            places = {"line": finding.line, "endLine": finding.end_line}
            if finding.line == finding.end_line:
                # GitHub takes columns of one line only, and counts the last one in.
                places |= {"col": finding.column, "endColumn": max(finding.column, finding.end_column - 1)}
            properties = {"file": PurePath(report.path).as_posix(), **places, "title": finding.rule}
            told = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
            yield f"::{LEVELS[finding.severity]} {told}::{_data(f'{finding.message} {finding.instead}')}"


def _data(text: str) -> str:
    """Text behind the colons; a line of a stranger may not end ours."""
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
