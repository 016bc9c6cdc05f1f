"""What those who run it have to be told: a sentence with its number, what to do, and where that is written down."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from openaddr.db.metrics import Metrics
from openaddr.settings import Settings
from openaddr.words import plural

MANUAL = "https://github.com/openaddresses/machine/blob/main/docs/notices.md"
"""Its headings are the kinds of trouble."""
STILL_SECONDS = 1800.0
"""What could have gone on for so long and did not stands still: sweeps come every minute, and work takes up to 15."""
OPEN_SET_SECONDS = 2 * 86_400.0
"""From Friday evening to Sunday evening: the working days belong to others."""


class Kind(StrEnum):
    """Kinds of trouble, as they are called in the manual."""

    FLOW_CRASHED = "a-flow-crashed"
    SET_LATE = "a-set-is-late"
    QUEUE_UNWATCHED = "nobody-takes-from-a-queue"
    RUNS_STILL = "runs-stand-still"
    DELIVERIES_STILL = "deliveries-stand-still"
    MESSAGES_STILL = "messages-stand-still"
    NUMBERS_REFUSED = "cloudwatch-takes-no-numbers"


ADVICE = {
    Kind.FLOW_CRASHED: "Look at the flow run in Prefect and at the log of its worker; the sweep starts what was lost.",
    Kind.SET_LATE: "Look at the page of the set for what it waits for, and at the queue `batch` for workers.",
    Kind.QUEUE_UNWATCHED: "Start the worker of that queue again, and look at the end of its log.",
    Kind.RUNS_STILL: "See whether workers are online and whether a queue is paused in Prefect.",
    Kind.DELIVERIES_STILL: "See whether Prefect answers and whether the queue `upkeep` has a worker.",
    Kind.MESSAGES_STILL: "Look at the column `error` of the outbox and at the last flow runs of the sweep.",
    Kind.NUMBERS_REFUSED: "Check credentials and rights (cloudwatch:PutMetricData); scaling by these numbers is blind.",
}
"""What to do first, in a sentence."""


@dataclass(frozen=True)
class Trouble:
    """Something to be told. Of one kind and subject it is told once in a while, whatever the sentence."""

    kind: Kind
    sentence: str
    subject: str = ""

    @property
    def title(self) -> str:
        """What it is, in few words."""
        return self.kind.replace("-", " ").capitalize() + (f": {self.subject}" if self.subject else "")

    @property
    def text(self) -> str:
        """All there is to say."""
        return f"{self.sentence}\n{ADVICE[self.kind]}\n{MANUAL}#{self.kind}"


def in_record(record: Metrics, settings: Settings) -> Iterator[Trouble]:
    """What is wrong by the numbers of the record."""
    # A run that ended lately says that somebody works: the next one may be on its way.
    is_idle = not record.active_workers and (record.idle_seconds is None or _is_still(record.idle_seconds))
    if is_idle and _is_still(record.task_waiting_seconds):
        told = f"{plural(record.tasks_waiting, 'run waits', 'runs wait')}, and nobody works on any"
        yield Trouble(Kind.RUNS_STILL, f"{told}; one has waited for {ago(record.task_waiting_seconds)}.")
    if _is_still(record.delivery_overdue_seconds):
        told = plural(record.deliveries_waiting, "delivery of GitHub is", "deliveries of GitHub are")
        overdue = ago(record.delivery_overdue_seconds)
        yield Trouble(Kind.DELIVERIES_STILL, f"{told} not handled; one has been overdue for {overdue}.")
    if _is_still(record.message_overdue_seconds):
        told = plural(record.messages_waiting, "message is", "messages are")
        overdue = ago(record.message_overdue_seconds)
        yield Trouble(Kind.MESSAGES_STILL, f"{told} not sent; one has been overdue for {overdue}.")
    yield from _late_sets(record, settings)


def _late_sets(record: Metrics, settings: Settings) -> Iterator[Trouble]:
    if record.open_set_seconds is not None and record.open_set_seconds > OPEN_SET_SECONDS:
        left = plural(record.expected_results, "run")
        yield Trouble(Kind.SET_LATE, f"A set has been under way for {ago(record.open_set_seconds)}; {left} to go.")
    elif settings.set_late_days and (record.newest_set_seconds or 0) > settings.set_late_days * 86_400:
        told = f"No set has been completed for {ago(record.newest_set_seconds)}"
        yield Trouble(Kind.SET_LATE, f"{told}; {settings.set_late_days:g} days are allowed.")


def _is_still(seconds: float | None) -> bool:
    return seconds is not None and seconds > STILL_SECONDS


def ago(seconds: float | None) -> str:
    """A time in words, rounded down: minutes, hours or days."""
    minutes = int((seconds or 0) / 60)
    if minutes < 120:
        return plural(minutes, "minute")
    return plural(minutes // 60, "hour") if minutes < 48 * 60 else plural(minutes // 1440, "day")
