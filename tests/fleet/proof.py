"""`python -m tests.fleet.proof`: a set by three machines of which two die, and what one machine alone does in a minute.

Every run has to be final, each exactly once, and what is stored of it has to be whole.
"""

import argparse
import logging
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic, sleep

from openaddr.db import last_good, runs
from openaddr.db.records import RunStatus
from tests.fleet.machines import Fleet, Machine, fleet, workers

RUNS, ALONE, MACHINES, SLOTS = 300, 60, 3, 1
LIMIT_SECONDS = 1800.0
LOOK_EVERY = 0.5


@dataclass(frozen=True)
class Outcome:
    """What came of a set: seconds from its beginning to its end."""

    runs: int
    seconds: float
    killed: int
    statuses: dict[str, int]
    again: int
    """Runs that were begun more than once."""
    breaches: list[str]
    undisturbed: float
    """Runs that became final in a minute while all machines lived."""

    @property
    def a_minute(self) -> float:
        """Runs that became final in a minute."""
        return 60 * self.runs / self.seconds

    @property
    def line(self) -> str:
        """What to tell of it."""
        statuses = ", ".join(f"{count} {status}" for status, count in self.statuses.items())
        pace = f"{self.a_minute:.0f} a minute, {self.undisturbed:.0f} before any death"
        deaths = f"{self.killed} processes killed, {self.again} runs begun again, {len(self.breaches)} breaches"
        return f"{self.runs} runs in {self.seconds:.0f} s, {pace}: {statuses}; {deaths}"


def work_off(found: Fleet, name: str, count: int, machines: list[Machine]) -> Outcome:
    """Have the fleet work off a set, and kill all machines of `machines` but the last one on the way, each in a run."""
    set_id, killed, undisturbed = found.listed(name, count), 0, 0.0
    *doomed, _ = machines
    started, deadline = monotonic(), monotonic() + LIMIT_SECONDS
    found.begin(set_id)
    while (done := found.final(set_id)) < count and monotonic() < deadline:
        # The first dies after a third of the runs, the second after two thirds.
        is_due = doomed and done * len(machines) >= count * (len(machines) - len(doomed))
        if is_due and doomed[0].is_at_work(found.conn):
            undisturbed = undisturbed or 60 * done / (monotonic() - started)
            killed += doomed.pop(0).kill()
        sleep(LOOK_EVERY)
    seconds = monotonic() - started
    rows = runs.of_set(found.conn, set_id)
    statuses = Counter(row.status.value for row in rows)
    breaches = [f"{machine.name} was never killed" for machine in doomed] + list(_breaches(found, set_id))
    again = sum(row.attempt > 1 for row in rows)
    undisturbed = undisturbed or 60 * len(rows) / seconds
    return Outcome(len(rows), seconds, killed, dict(statuses), again, breaches, undisturbed)


def _breaches(found: Fleet, set_id: int) -> Iterator[str]:
    """What does not hold of the runs of a set."""
    ends = Counter(run_id for (run_id,) in found.conn.execute("select run_id from ends"))
    for row in runs.of_set(found.conn, set_id):
        if row.status is not RunStatus.SUCCEEDED:
            yield f"run {row.id} is {row.status}: {row.problem}"
        if ends[row.id] != 1:
            yield f"run {row.id} ended {ends[row.id]} times"
        names = {each.key.rpartition("/")[2] for each in found.bucket.list(f"runs/{row.id}/")}
        if not names >= {"manifest.json", "run.json", "addresses.zip", "extract.parquet"}:
            yield f"of run {row.id} there is only {sorted(names)}"
        pointer = last_good.get(found.conn, row.source_id, row.layer, row.name)
        if pointer is None or pointer.run_id != row.id:
            yield f"run {row.id} is not the last good one"


def proved(count: int = RUNS, alone: int = ALONE, slots: int = SLOTS) -> Iterator[Outcome]:
    """The set by the whole fleet, then one by the machine that is left; the first has as many machines as MACHINES."""
    with fleet() as found:
        machines = workers(found, MACHINES, slots)
        yield work_off(found, "fleet", count, machines)
        yield work_off(found, "alone", alone, machines[-1:])


def main() -> int:
    """Print what was seen; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fleet.proof", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="of the set of three machines")
    parser.add_argument("--alone", type=int, default=ALONE, help="runs of the set of the one that is left")
    parser.add_argument("--slots", type=int, default=SLOTS, help="flow runs that a machine has at once")
    options = parser.parse_args()
    # The machines have sessions of their own: whoever is asked to end has to end them.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    breaches = []
    names = (f"{MACHINES} machines, {MACHINES - 1} killed", "the machine that is left")
    for name, outcome in zip(names, proved(options.runs, options.alone, options.slots), strict=True):
        print(f"{name}: {outcome.line}", flush=True)
        breaches += outcome.breaches
    print("\n".join(f"BREACH {breach}" for breach in breaches) or "every run is final, each exactly once")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
