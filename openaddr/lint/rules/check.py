"""What a rule is: its name, how bad it is, its words, and the function that looks for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from openaddr.lint.findings import Found, Severity
from openaddr.lint.subject import Subject


@dataclass(frozen=True)
class Check:
    """One rule. `instead` says what to write where a finding does not know better; `mends` that `--fix` repairs it."""

    code: str
    severity: Severity
    title: str
    instead: str
    look: Callable[[Subject], Iterator[Found]]
    mends: bool = False
