"""The second part of `make proof`: processes, database, storage and publisher are hurt under runs on one storage.

Each run has to reach exactly one final status; a reader who looks at `latest/` all the time never sees a mixture, and
nothing that is stored changes once its run is final.
"""

import argparse
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows import policies
from openaddr import workshop
from openaddr.db.records import RunStatus
from tests.faults.kinds import KINDS, Kind
from tests.faults.place import Place, place
from tests.flows.conftest import SOURCE
from tests.flows.killing import ends_of, let_time_pass, stored, swept
from tests.flows.reader import Reader
from tests.proof.evidence import Breach, Evidence, write

LINE = "{:<54} {:>5} {:>9} {:>6} {:>4} {:>8} {:>5} {:>8} {:>4}"
ATTEMPTS = 6
PROMISES = ("I2", "I5", "I6", "I8", "I9", "I12")
"""What is looked at after each fault."""


@dataclass
class Outcome:
    """What came of the tries of one kind of fault. `breaches` is empty where all promises were kept."""

    kind: Kind
    seconds: float = 0.0
    statuses: list[str] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    looks: int = 0
    breaches: list[Breach] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The fault in full."""
        return f"{self.kind.name} {self.kind.detail}".strip()

    @property
    def endless(self) -> int:
        """Runs without a final status."""
        return sum(status in ("queued", "running") for status in self.statuses)

    def line(self) -> str:
        """A row of the table."""
        counts = Counter(self.statuses)
        ends = [counts[status] for status in ("succeeded", "failed", "lost")]
        most = max(self.attempts, default=0)
        figures = [most, self.looks, len(self.breaches), f"{self.seconds:.0f}"]
        return LINE.format(self.name, len(self.statuses), *ends, *figures)

    def evidence(self) -> Evidence:
        """The same for the table of the whole proof."""
        return Evidence(
            what=self.name,
            kind=self.kind.name,
            promises=PROMISES,
            faults=len(self.statuses),
            seconds=self.seconds,
            endless=self.endless,
            looks=self.looks,
            breaches=tuple(self.breaches),
        )


def tried(kind: Kind, here: Place, tries: int, chance: random.Random) -> Outcome:
    """Do one kind of fault to as many runs."""
    outcome, started = Outcome(kind), time.monotonic()
    for number in range(tries):
        for breach in _hurt(here, outcome, chance):
            outcome.breaches.append(Breach(breach.promise, f"{outcome.name}, try {number}: {breach.seen}"))
    outcome.seconds = time.monotonic() - started
    return outcome


def _hurt(here: Place, outcome: Outcome, chance: random.Random) -> Iterator[Breach]:
    """One try; gives what was wrong."""
    town, rows = here.town, chance.randrange(95, 106)
    # Other data than before, and nearly as many rows.
    town.publish(rows, street=f"Street {chance.getrandbits(32)}")
    run_id, good = town.queued(), town.latest
    with Reader(here.storage, SOURCE, "addresses", "town") as reader:
        outcome.kind.fault(here, run_id, chance)
        _recover(here, run_id)
    run = town.row(run_id)
    outcome.statuses.append(run.status.value)
    outcome.attempts.append(run.attempt)
    outcome.looks += reader.looks
    yield from (Breach("I5", seen) for seen in reader.breaches)
    if len(ends_of(town, run_id)) != 1:
        yield Breach("I2", f"run {run_id} ended as {ends_of(town, run_id)}")
    if run.status is RunStatus.SUCCEEDED and run.rows != rows:
        yield Breach("I8", f"{run.rows} of {rows} rows")
    wanted = run_id if run.status is RunStatus.SUCCEEDED else good
    if (town.latest, town.last_good) != (wanted, wanted):
        seen = f"the latest is run {town.latest}, on the record {town.last_good}, and should be {wanted}"
        yield Breach("I6", seen)
    yield from _done_again(here, run_id)


def _done_again(here: Place, run_id: int) -> Iterator[Breach]:
    """What is wrong when the final run is done once more, and with what is left on the disk."""
    before = stored(here.town, run_id)
    swept(here.town)
    if here.town.work(run_id) is not None or stored(here.town, run_id) != before:
        yield Breach("I9", f"something of run {run_id} was done again")
    workshop.sweep(here.work, {policies.WORK_PREFIX: 0.0})
    left = [path.name for path in here.work.iterdir()]
    if left:
        yield Breach("I12", f"{left} are left of run {run_id}")


def _recover(here: Place, run_id: int) -> None:
    """What the clock, the sweep and the next workers do."""
    for _ in range(ATTEMPTS):
        let_time_pass(here.town, run_id)
        swept(here.town)
        if here.town.row(run_id).status.is_final:
            return
        here.town.work(run_id)


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The table of all faults, and what was wrong."""
    yield LINE.format("fault", "tries", "succeeded", "failed", "lost", "attempts", "looks", "breaches", "s")
    yield from (outcome.line() for outcome in outcomes)
    breaches = [breach for outcome in outcomes for breach in outcome.breaches]
    yield from (f"BREACH of {breach.promise}: {breach.seen}" for breach in breaches)
    tries, looks = sum(len(each.statuses) for each in outcomes), sum(each.looks for each in outcomes)
    endless = sum(each.endless for each in outcomes)
    yield f"{tries} faults, {endless} runs without an end, {looks} looks at the latest, {len(breaches)} breaches"


def main() -> int:
    """Run the proof and print its table."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.proof", description=__doc__)
    parser.add_argument("--storage", choices=("folder", "bucket"), required=True, help="where runs are kept")
    parser.add_argument("--only", metavar="TEXT", default="", help="only faults whose name has this text")
    parser.add_argument("--share", type=float, default=1.0, help="of the tries, to be quicker")
    parser.add_argument("--seed", type=int, default=1, help="of what is random")
    parser.add_argument("--report", type=Path, help="keep what came of it for the table of the whole proof")
    options = parser.parse_args()
    policies.FIRST_PAUSE_SECONDS = 0.05
    chance, outcomes, started = random.Random(options.seed), list[Outcome](), time.monotonic()
    with place(options.storage) as here:
        here.town.publish(100)
        here.town.run()
        for kind in KINDS:
            if options.only in f"{kind.name} {kind.detail}" and options.storage in kind.storages:
                print(f"{options.storage}: {kind.name} {kind.detail}", file=sys.stderr)
                outcomes.append(tried(kind, here, math.ceil(kind.tries * options.share), chance))
    print("\n".join(table(outcomes)))
    print(f"{time.monotonic() - started:.0f} s")
    write(options.report, [outcome.evidence() for outcome in outcomes])
    return 1 if any(outcome.breaches or outcome.endless for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
