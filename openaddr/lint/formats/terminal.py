"""The same for a terminal, in colours, with the line of the file."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from openaddr.lint.findings import Finding, Severity
from openaddr.lint.formats.report import Report
from openaddr.run import printable

STYLES = {Severity.BUG: "bold red", Severity.WARNING: "yellow", Severity.HINT: "cyan"}
EDGE = 4
"""Columns left free at the right of an excerpt."""


def show(reports: Iterable[Report], console: Console) -> None:
    """Print every finding below the name of its file."""
    for report in reports:
        if report.findings:
            console.print(Text(printable(report.path), "bold underline"))
        for finding in report.findings:
            console.print(_headline(finding), soft_wrap=True)
            for line in _excerpt(report, finding, console.width - EDGE):
                console.print(line, no_wrap=True, overflow="crop", crop=True)
            console.print(Text(f"      → {printable(finding.instead)}", "green"), soft_wrap=True)


def _headline(finding: Finding) -> Text:
    line = Text("  ").append(f"{finding.line}:{finding.column} ", "dim")
    line.append(finding.severity.value, STYLES[finding.severity])
    line.append(f" {printable(finding.message)} ")
    line.append(f"[{finding.rule}]", "dim")
    return line.append(" --fix mends it", "dim") if finding.fix else line


def _excerpt(report: Report, finding: Finding, width: int) -> list[Text]:
    """The line of the finding and marks below what it is about, of a long line only what is around that."""
    if not 0 < finding.line <= len(report.lines):
        return []
    line = report.lines[finding.line - 1].rstrip()
    indent = len(line) - len(line.lstrip())
    start = max(0, finding.column - 1)
    first = min(indent, start) if start < width + indent else start
    shown = Text("      ").append("".join(map(_one_wide, line[first : first + width])))
    length = max(1, finding.end_column - finding.column) if finding.line == finding.end_line else 1
    marks = Text(" " * (6 + start - first)).append("^" * min(length, width), STYLES[finding.severity])
    return [shown, marks]


def _one_wide(character: str) -> str:
    return character if character.isprintable() else "·"
