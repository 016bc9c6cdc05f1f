"""The second part of `make proof`: processes, database and storage are hurt under runs, and a table of what came of it.

Each run has to reach exactly one final status; a reader who looks at `latest/` all the time never sees a mixture, and
nothing that is stored changes once its run is final.
"""

import argparse
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from flows import policies
from openaddr.db.records import RunStatus
from tests.faults.place import Place, place
from tests.flows.conftest import SOURCE, Town
from tests.flows.killing import ends_of, kill_when, let_time_pass, stored, swept, victim
from tests.flows.reader import Reader
from tests.flows.victim import POINTS

LINE = "{:<44} {:<7} {:>5} {:>10} {:>6} {:>4} {:>8} {:>5} {:>8} {:>3}"
RUN_SECONDS = 4.0
"""How long a victim takes from its start to its end, about: kills at random times are spread over that."""
ATTEMPTS = 6

Fault = Callable[[Place, int, random.Random], None]
"""Has a run worked on, and hurts it."""


@dataclass
class Outcome:
    """What came of the tries of one fault. `breaches` is empty where all promises were kept."""

    fault: str
    storage: str
    seconds: float = 0.0
    statuses: list[str] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    looks: int = 0
    breaches: list[str] = field(default_factory=list)

    def line(self) -> str:
        """A row of the table."""
        counts = Counter(self.statuses)
        words = [self.fault, self.storage, len(self.statuses), counts["succeeded"], counts["failed"], counts["lost"]]
        return LINE.format(*words, max(self.attempts, default=0), self.looks, len(self.breaches), f"{self.seconds:.0f}")


def at(point: str) -> Fault:
    """Kill the worker at a named point."""

    def fault(here: Place, run_id: int, chance: random.Random) -> None:
        if POINTS[point].sends:
            here.town.work(run_id)
        kill_when(point, run_id)

    return fault


def at_random(here: Place, run_id: int, chance: random.Random) -> None:
    """Kill the worker some time."""
    with victim("nowhere", run_id):
        threading.Event().wait(chance.uniform(0, RUN_SECONDS))


def twice_at_random(here: Place, run_id: int, chance: random.Random) -> None:
    """Kill two workers, one after the other."""
    at_random(here, run_id, chance)
    let_time_pass(here.town, run_id)
    at_random(here, run_id, chance)


def database_restarts(here: Place, run_id: int, chance: random.Random) -> None:
    """Stop Postgres as a crash would while a run is worked on, and start it again."""
    with working(here.town, run_id):
        threading.Event().wait(chance.uniform(0, RUN_SECONDS / 2))
        here.restart_database()


def connections_are_cut(here: Place, run_id: int, chance: random.Random) -> None:
    """Cut one in twenty blocks to and from the bucket while a run is worked on."""
    here.cut_connections(0.05, chance)
    with working(here.town, run_id):
        pass
    here.cut_connections(0.0, chance)


def three_at_once(here: Place, run_id: int, chance: random.Random) -> None:
    """Three workers take one run at once."""
    with working(here.town, run_id), working(here.town, run_id), working(here.town, run_id):
        pass


@contextmanager
def working(town: Town, run_id: int) -> Iterator[None]:
    """A thread that works on a run; what it raises is what a flow run would have failed with."""

    def work() -> None:
        try:
            town.work(run_id)
        except Exception as error:
            print(f"run {run_id}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join()


NAMED: dict[str, Fault] = {f"killed when {point}": at(point) for point in POINTS}
FAULTS: dict[str, tuple[Fault, int, Sequence[str]]] = {
    # `make test` has them on a folder.
    **{name: (fault, 1, ("bucket",)) for name, fault in NAMED.items()},
    "killed at a random time": (at_random, 8, ("folder", "bucket")),
    "two workers killed at random times": (twice_at_random, 3, ("folder", "bucket")),
    "three workers at once": (three_at_once, 3, ("folder", "bucket")),
    "database stopped at a random time": (database_restarts, 8, ("folder",)),
    "one block in twenty cuts the connection": (connections_are_cut, 6, ("bucket",)),
}
"""What is done, how often, and on which storages."""


def tried(name: str, kind: str, here: Place, tries: int, chance: random.Random) -> Outcome:
    """Do one fault to as many runs."""
    outcome, started = Outcome(name, kind), time.monotonic()
    for number in range(tries):
        outcome.breaches += [f"{name}, {kind}, try {number}: {breach}" for breach in _hurt(name, here, outcome, chance)]
    outcome.seconds = time.monotonic() - started
    return outcome


def _hurt(name: str, here: Place, outcome: Outcome, chance: random.Random) -> Iterator[str]:
    """One try; gives what was wrong."""
    town = here.town
    # Other data than before, and nearly as many rows.
    town.publish(100, street=f"Street {chance.getrandbits(32)}")
    run_id, good = town.queued(), town.latest
    with Reader(here.storage, SOURCE, "addresses", "town") as reader:
        FAULTS[name][0](here, run_id, chance)
        _recover(town, run_id)
    run = town.row(run_id)
    outcome.statuses.append(run.status.value)
    outcome.attempts.append(run.attempt)
    outcome.looks += reader.looks
    yield from reader.breaches
    if len(ends_of(town, run_id)) != 1:
        yield f"run {run_id} ended as {ends_of(town, run_id)}"
    wanted = run_id if run.status is RunStatus.SUCCEEDED else good
    if (town.latest, town.last_good) != (wanted, wanted):
        yield f"the latest is run {town.latest}, on the record {town.last_good}, and should be {wanted}"
    before = stored(town, run_id)
    swept(town)
    if town.work(run_id) is not None or stored(town, run_id) != before:
        yield f"something of run {run_id} was done again"


def _recover(town: Town, run_id: int) -> None:
    """What the clock, the sweep and the next workers do."""
    for _ in range(ATTEMPTS):
        let_time_pass(town, run_id)
        swept(town)
        if town.row(run_id).status.is_final:
            return
        town.work(run_id)


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The table of all faults, and what was wrong."""
    heads = ("fault", "storage", "tries", "succeeded", "failed", "lost", "attempts", "looks", "breaches", "s")
    yield LINE.format(*heads)
    yield from (outcome.line() for outcome in outcomes)
    breaches = [breach for outcome in outcomes for breach in outcome.breaches]
    yield from (f"BREACH {breach}" for breach in breaches)
    tries, looks = sum(len(each.statuses) for each in outcomes), sum(each.looks for each in outcomes)
    final = sum(status not in ("queued", "running") for each in outcomes for status in each.statuses)
    yield f"{tries} faults, {tries - final} runs without an end, {looks} looks at the latest, {len(breaches)} breaches"


def main() -> int:
    """Run the proof and print its table."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.proof", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", default="", help="only faults whose name has this text")
    parser.add_argument("--seed", type=int, default=1, help="of what is random")
    options = parser.parse_args()
    policies.FIRST_PAUSE_SECONDS = 0.05
    chance, outcomes, started = random.Random(options.seed), list[Outcome](), time.monotonic()
    for kind in ("folder", "bucket"):
        with place(kind) as here:
            here.town.publish(100)
            here.town.run()
            for name, (_, tries, kinds) in FAULTS.items():
                if options.only in name and kind in kinds:
                    print(f"{kind}: {name}", file=sys.stderr)
                    outcomes.append(tried(name, kind, here, tries, chance))
    lines = list(table(outcomes))
    print("\n".join(lines))
    print(f"{time.monotonic() - started:.0f} s")
    return 0 if lines[-1].endswith(" 0 breaches") and " 0 runs without an end" in lines[-1] else 1


if __name__ == "__main__":
    sys.exit(main())
