"""A check run as GitHub takes it: https://docs.github.com/rest/checks/runs"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from openaddr.feedback.annotations import Annotation, batches


class State(StrEnum):
    """How far a check is."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class Conclusion(StrEnum):
    """What a completed check came to."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    ACTION_REQUIRED = "action_required"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Action:
    """A button. GitHub takes 20, 40 and 20 characters, and three buttons."""

    label: str
    description: str
    identifier: str


RERUN_FRESH = Action("Run without cache", "Download and conform everything anew", "rerun-fresh")
APPROVE_DROP = Action("Approve drop", "The result is meant to be as it is", "approve-drop")


@dataclass(frozen=True)
class Check:
    """One check run. `external_id` is the id of a run or a job; there is a conclusion once it is completed."""

    name: str
    external_id: str
    details_url: str
    status: State
    conclusion: Conclusion | None
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()
    actions: tuple[Action, ...] = ()


def bodies(check: Check) -> Iterator[dict[str, Any]]:
    """What GitHub is sent, without the commit: the whole check, then updates of it that only add annotations."""
    first, *others = ([asdict(annotation) for annotation in batch] for batch in batches(check.annotations))
    output = {"title": check.title, "summary": check.summary}
    body = {
        "name": check.name,
        "external_id": check.external_id,
        "details_url": check.details_url,
        "status": check.status,
        "conclusion": check.conclusion,
        "output": output | {"annotations": first},
        "actions": [asdict(action) for action in check.actions],
    }
    yield {name: value for name, value in body.items() if value}
    for batch in others:
        yield {"output": output | {"annotations": batch}}
