"""Plain text: what, where, and what to write instead, in two lines that editors and `grep` understand."""

from collections.abc import Iterable, Iterator

from openaddr.lint.formats.report import Report
from openaddr.run import printable


def as_text(reports: Iterable[Report]) -> Iterator[str]:
    """Two lines for each finding; the first begins with file, line and column."""
    for report in reports:
        for found in report.findings:
            place = f"{report.path}:{found.line}:{found.column}"
            mendable = ", --fix mends it" if found.fix else ""
            yield printable(f"{place}: {found.severity.value}: {found.message} [{found.rule}{mendable}]")
            yield printable(f"    {found.instead}")
