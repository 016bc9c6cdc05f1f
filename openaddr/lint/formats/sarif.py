"""SARIF 2.1.0, which code scanning reads: https://docs.oasis-open.org/sarif/sarif/v2.1.0/"""

import json
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from openaddr import __version__
from openaddr.errors import EXPLANATIONS, Code
from openaddr.lint.catalogue import BY_CODE
from openaddr.lint.findings import Finding, Severity
from openaddr.lint.formats.report import Report

LEVELS = {Severity.BUG: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/openaddresses/machine"


def as_sarif(reports: Iterable[Report]) -> Iterator[str]:
    """One document, once all files are done."""
    rules: dict[str, int] = {}
    results = [_result(report, finding, rules) for report in reports for finding in report.findings]
    driver = {
        "name": "openaddr lint",
        "version": __version__,
        "informationUri": HOME,
        "rules": [_rule(code) for code in rules],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    yield json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _result(report: Report, finding: Finding, rules: dict[str, int]) -> dict[str, Any]:
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": finding.end_column,
    }
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.setdefault(finding.rule, len(rules)),
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.message} {finding.instead}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": _location(report.path), "region": region},
                "logicalLocations": [{"fullyQualifiedName": finding.pointer or "/"}],
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    if code in BY_CODE:
        check = BY_CODE[code]
        title, help_text, level = check.title, check.instead, LEVELS[check.severity]
    else:
        explained = EXPLANATIONS[Code(code)]
        title, help_text, level = explained.title, explained.hint, LEVELS[Severity.BUG]
    return {
        "id": code,
        "shortDescription": {"text": title},
        "help": {"text": help_text},
        "defaultConfiguration": {"level": level},
    }


def _location(path: str) -> dict[str, str]:
    """Where a file is: seen from the checkout, unless it is outside of it."""
    pure = PurePath(path)
    if pure.is_absolute():
        return {"uri": "file://" + quote(pure.as_posix(), errors="surrogateescape")}
    return {"uri": quote(pure.as_posix(), errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}
