"""What there is to say of one file."""

from dataclasses import dataclass

from openaddr.lint.findings import Finding


@dataclass(frozen=True)
class Report:
    """A file as the user named it, its lines, and its findings in the order of the lines."""

    path: str
    lines: tuple[str, ...]
    findings: tuple[Finding, ...]
