"""The first part of `make proof`: every bad input through the real command, and a table of what came of it.

Each gets one named result within 60 s and 1 GB; canaries are never touched; nothing is written outside of its folder.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.hostile import addresses, archives, delimited, gis, regexps, source_json, strings
from tests.hostile.case import Case, World, is_expected, outcome
from tests.hostile.command import Result
from tests.hostile.machine import BYTES, SECONDS, Machine, Touched
from tests.proof.evidence import Breach, Evidence, write

FAMILIES: dict[str, tuple[int, Callable[[World], Iterator[Case]]]] = {
    "addresses": (40, addresses.cases),
    "archives": (60, archives.cases),
    "json": (220, source_json.cases),
    "gis": (150, gis.cases),
    "csv": (60, delimited.cases),
    "regexps": (40, regexps.cases),
    "strings": (40, strings.cases),
}
"""The least number of inputs of each family, and what makes them."""
BATCH = 40
LINE = "{:<10} {:>7} {:>7} {:>8} {:>8} {:>6} {:>9} {:>7}  {}"


@dataclass
class Checked:
    """Results of one family, and what was touched meanwhile."""

    family: str
    results: list[Result]
    touched: list[Touched]

    @property
    def failed(self) -> list[Result]:
        """Results with a breach."""
        return [result for result in self.results if result.breaches]

    def breaches(self) -> Iterator[str]:
        """Every breach by the name of its case; what was touched is known by family only."""
        for result in self.failed:
            yield from (f"{self.family}: {result.case.name}: {breach}" for breach in result.breaches)
        for touched in self.touched:
            yield from (f"{self.family}: {breach}" for breach in touched.breaches())

    def evidence(self) -> Evidence:
        """The same for the table of the whole proof."""
        return Evidence(
            what=self.family,
            kind="bad input",
            promises=("I2", "I8", "I10", "I11"),
            inputs=len(self.results),
            slowest=max(result.seconds for result in self.results),
            memory=max(result.memory for result in self.results),
            touched=sum(len(each.reads) + len(each.requests) + len(each.writes) for each in self.touched),
            breaches=tuple(self._broken()),
        )

    def _broken(self) -> Iterator[Breach]:
        """Breaches by what was promised: a result that is wrong, rows that are not accounted for, what was touched."""
        for result in self.failed:
            yield from (Breach("I2", f"{result.case.name}: {breach}") for breach in result.breaches)
        for touched in self.touched:
            yield from (Breach("I11", breach) for breach in touched.breaches())


def check(family: str, cases: Sequence[Case], machine: Machine) -> Checked:
    """Run the cases of one family and judge what came out."""
    checked = Checked(family, [], [])
    for start in range(0, len(cases), BATCH):
        results, touched = machine.check(cases[start : start + BATCH])
        checked.results += results
        checked.touched.append(touched)
    for result in checked.results:
        result.breaches += judged(result)
    return checked


def judged(result: Result) -> Iterator[str]:
    """What is wrong with a result."""
    case = result.case
    if len(result.runs) != case.runs:
        yield f"{len(result.runs)} of {case.runs} results"
    for run in result.runs:
        found = outcome(run)
        if not is_expected(found, case.expected):
            said = run["problem"]["message"] if run["problem"] else ""
            yield f"expected {' or '.join(sorted(case.expected))}, got {found}: {said[:300]}"
    if result.seconds > SECONDS:
        yield f"took {result.seconds:.0f} s"
    if result.memory > BYTES:
        yield f"took {result.memory / 1e6:,.0f} MB"


def table(checked: Sequence[Checked]) -> Iterator[str]:
    """The table of all families and what was wrong."""
    yield LINE.format("family", "inputs", "named", "worst s", "worst MB", "reads", "requests", "writes", "slowest")
    for item in checked:
        slowest = max(item.results, key=lambda result: result.seconds)
        yield LINE.format(
            item.family,
            len(item.results),
            len(item.results) - len(item.failed),
            f"{slowest.seconds:.1f}",
            f"{max(result.memory for result in item.results) / 1e6:,.0f}",
            sum(len(touched.reads) for touched in item.touched),
            sum(len(touched.requests) for touched in item.touched),
            sum(len(touched.writes) for touched in item.touched),
            slowest.case.name[:50],
        )
    results = [result for item in checked for result in item.results]
    largest = max(results, key=lambda result: result.memory)
    yield f"most memory: {largest.memory / 1e6:,.0f} MB for {largest.case.family}: {largest.case.name}"
    breaches = [breach for item in checked for breach in item.breaches()]
    yield from (f"BREACH {breach}" for breach in breaches)
    failed = sum(len(item.failed) for item in checked)
    yield f"{len(results) - failed} passed, {failed} failed, {len(breaches)} breaches"


def main() -> int:
    """Run the proof and print its table."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.proof", description=__doc__)
    parser.add_argument("--family", choices=FAMILIES, help="only this family")
    parser.add_argument("--only", metavar="TEXT", default="", help="only cases whose name has this text")
    parser.add_argument("--report", type=Path, help="keep what came of it for the table of the whole proof")
    parser.add_argument("--verbose", action="store_true", help="also tell what came of each case")
    options = parser.parse_args()
    started = time.monotonic()
    checked = []
    with tempfile.TemporaryDirectory(prefix="proof-") as name, Machine(Path(name).resolve()) as machine:
        for family in [options.family] if options.family else FAMILIES:
            cases = [case for case in FAMILIES[family][1](machine.world) if options.only in case.name]
            if cases:
                print(f"{family}: {len(cases)} inputs", file=sys.stderr)
                checked.append(check(family, cases, machine))
                if options.verbose:
                    print("\n".join(map(told, checked[-1].results)))
    if not checked:
        parser.error("there is no such case")
    lines = list(table(checked))
    print("\n".join(lines))
    print(f"{time.monotonic() - started:.0f} s")
    write(options.report, [item.evidence() for item in checked])
    return 0 if lines[-1].endswith(" 0 failed, 0 breaches") else 1


def told(result: Result) -> str:
    """One case in one line."""
    found = ", ".join(dict.fromkeys(map(outcome, result.runs)))
    said = next((run["problem"]["message"] for run in result.runs if run["problem"]), "")
    figures = f"{result.seconds:6.2f} s {result.memory / 1e6:5.0f} MB"
    return f"{figures}  {result.case.name}: {found} ({said[:110]})"


if __name__ == "__main__":
    sys.exit(main())
