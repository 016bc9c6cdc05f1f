"""Findings written down: each format takes the reports of the files one by one and gives lines."""

from collections.abc import Callable, Iterable, Iterator

from openaddr.lint.formats.github import as_github
from openaddr.lint.formats.plain import as_text
from openaddr.lint.formats.report import Report
from openaddr.lint.formats.rows import as_json
from openaddr.lint.formats.sarif import as_sarif

__all__ = ["FORMATS", "Report"]

FORMATS: dict[str, Callable[[Iterable[Report]], Iterator[str]]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
