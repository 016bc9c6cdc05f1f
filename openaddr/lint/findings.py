"""What a rule says: which rule, how bad, where in the file, what was found, and what to write instead."""

import json
from dataclasses import dataclass
from enum import StrEnum

SHOWN = 100
"""Characters of a value that a sentence quotes."""
WRITTEN = 500
"""Characters of what to write instead."""


class Severity(StrEnum):
    """How bad a finding is. Only a bug makes the command fail."""

    BUG = "bug"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True)
class Fix:
    """A safe repair: other text in place of a string value, or with `name` of the name of the member."""

    text: str
    name: bool = False


@dataclass(frozen=True)
class Found:
    """What a rule found at a place of the file, an RFC 6901 pointer.

    `at_name` says that it is about the name of the member rather than its value. `instead` is '' where the rule says
    the same for everything it finds.
    """

    pointer: str
    message: str
    instead: str = ""
    at_name: bool = False
    fix: Fix | None = None


@dataclass(frozen=True)
class Finding:
    """Something found, with its place counted in lines and columns from 1; the end is behind the last character."""

    rule: str
    severity: Severity
    pointer: str
    message: str
    instead: str
    line: int
    column: int
    end_line: int
    end_column: int
    fix: Fix | None = None
    at_name: bool = False


def quoted(value: object, shown: int = SHOWN) -> str:
    """A value as it stands in the file, the middle of a long one left out."""
    text = json.dumps(value, ensure_ascii=False)
    half = shown // 2
    return text if len(text) <= shown else f"{text[:half]} … {text[-half:]}"
