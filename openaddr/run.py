"""The record of one run: what is known of it while it goes on, and what `run.json` says in the end."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from openaddr import __version__
from openaddr.errors import ExitCode, Problem
from openaddr.stages import RowAccount

log = logging.getLogger("openaddr.run")


class Status(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"
    FAILED = "failed"


def printable(text: str) -> str:
    """Text on one line, with control characters and changes of direction written as escapes.

    Sources and servers are strangers: what they say is shown, but may not steer a terminal or look like our own lines.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


@dataclass
class Run:
    """One processing of one layer source: filled in stage by stage, then written as `run.json`."""

    source: str
    layer: str
    name: str
    status: Status = Status.FAILED
    problem: Problem | None = None
    account: RowAccount = field(default_factory=RowAccount)
    warnings: list[Problem] = field(default_factory=list)
    fingerprint: str | None = None
    tests_passed: bool | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    outputs: dict[str, Path] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What the command line answers for this run."""
        if self.problem is None or self.status is Status.SKIPPED:
            return ExitCode.DONE
        return self.problem.explanation.exit_code

    def as_json(self) -> dict[str, object]:
        """The object of the command line contract."""
        return {
            "source": self.source,
            "layer": self.layer,
            "name": self.name,
            "status": self.status.value,
            "problem": self.problem.as_json() if self.problem else None,
            "rows": self.account.kept,
            "received": self.account.received,
            "rejected": {
                "count": self.account.rejected_total,
                "reasons": {reason.value: count for reason, count in sorted(self.account.rejected.items())},
                "examples": [example.as_json() for example in self.account.examples],
            },
            "warnings": [warning.as_json() for warning in self.warnings],
            "fingerprint": self.fingerprint,
            "tests_passed": self.tests_passed,
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "outputs": {kind: str(path) for kind, path in self.outputs.items()},
            "code_version": __version__,
        }

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times one stage and notes its start in the log."""
        log.info("%s", name)
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - started
