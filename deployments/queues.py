"""The work pool and its queues, in the order in which waiting runs start."""

from dataclasses import dataclass

from openaddr.machines import PROCESS
from openaddr.settings import Settings

POOL = "machine"


@dataclass(frozen=True)
class Queue:
    """One queue of the pool: the smallest `priority` goes first; `is_bounded` leaves slots of the worker free."""

    name: str
    priority: int
    about: str
    is_bounded: bool = False

    def limit(self, slots: int | None) -> int | None:
        """How many of its runs may run at once where there are `slots` in all; None = as many as there are."""
        return max(1, slots - 1) if self.is_bounded and slots else None


def slots_of(settings: Settings) -> int | None:
    """How many runs all workers have at once; None where each has a limit of its own, as in a fleet."""
    return None if settings.batch_by_fleet and settings.work_pool == PROCESS else settings.worker_slots


CI = Queue("ci", 1, "Runs that a push or a pull request asked for: somebody waits for them.")
UPKEEP = Queue(
    "upkeep", 2, "What keeps the record straight, and deliveries: a worker of its own never keeps them waiting."
)
SCHEDULED = Queue("scheduled", 5, "What the clock starts.")
BATCH = Queue("batch", 10, "Runs of the weekly set, by the thousand.", is_bounded=True)
QUEUES = (CI, UPKEEP, SCHEDULED, BATCH)
