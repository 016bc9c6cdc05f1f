"""What was written to GitHub, as it stands there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Conclusion = Literal[
    "action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out"
]  # fmt: skip


@dataclass(frozen=True)
class Status:
    """What a commit is worth, in one context."""

    id: int
    sha: str
    state: Literal["error", "failure", "pending", "success"]
    context: str
    description: str | None
    target_url: str | None
    by: str
    at: datetime


@dataclass(frozen=True)
class Annotation:
    """A remark on lines of a file."""

    path: str
    start_line: int
    end_line: int
    level: Literal["notice", "warning", "failure"]
    message: str
    title: str | None = None
    raw_details: str | None = None
    start_column: int | None = None
    end_column: int | None = None


@dataclass(frozen=True)
class Action:
    """A button of a check run."""

    label: str
    description: str
    identifier: str


@dataclass(frozen=True)
class CheckRun:
    """A check of a commit, of which only its app may write."""

    id: int
    sha: str
    name: str
    status: Literal["queued", "in_progress", "completed"]
    conclusion: Conclusion | None
    started_at: str
    completed_at: str | None = None
    details_url: str | None = None
    external_id: str = ""
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: tuple[Annotation, ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Comment:
    """A comment on a pull request."""

    id: int
    number: int
    body: str
    by: str
    at: datetime
    edited: datetime


PERMISSIONS = {
    "checks": "write",
    "contents": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}


@dataclass(frozen=True)
class App:
    """An app that is installed on every repository. What it signs is held against `public_key`, in PEM."""

    id: int = 1234
    slug: str = "openaddr-machine"
    installation: int = 5678
    public_key: str = ""
    permissions: Mapping[str, str] = field(default_factory=lambda: dict(PERMISSIONS))

    @property
    def login(self) -> str:
        """The name under which it comments."""
        return f"{self.slug}[bot]"


Written = Status | CheckRun | Comment
