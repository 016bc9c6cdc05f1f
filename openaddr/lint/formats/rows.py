"""JSON: one object a finding, one on a line. `docs/lint.md` says what each member is."""

import json
from collections.abc import Iterable, Iterator

from openaddr.lint.formats.report import Report


def as_json(reports: Iterable[Report]) -> Iterator[str]:
    """One line for each finding, in ASCII, because names of files need not be text."""
    for report in reports:
        for finding in report.findings:
            yield json.dumps(
                {
                    "file": report.path,
                    "line": finding.line,
                    "column": finding.column,
                    "end_line": finding.end_line,
                    "end_column": finding.end_column,
                    "rule": finding.rule,
                    "severity": finding.severity.value,
                    "pointer": finding.pointer,
                    "message": finding.message,
                    "instead": finding.instead,
                    "fixable": finding.fix is not None,
                }
            )
