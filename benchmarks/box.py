"""`python -m benchmarks.box`: what the box costs, against the same stages in one process. CPU seconds, the median."""

import argparse
from statistics import median

from benchmarks.cases import CASES
from benchmarks.measure import work
from benchmarks.run import FIRST, SMALL, prepare
from benchmarks.worker import OFTEN

ROWS = 1_000_000
TURNS = 5
RUN_GOAL = 0.15
SHARE_GOAL = 1.05


def pairs(kinds: tuple[str, str], rows: int, turns: int) -> tuple[float, float]:
    """The median cost of both kinds, measured in turn."""
    found = [tuple(work(kind, FIRST, rows).cpu for kind in kinds) for _ in range(turns)]
    first, second = (median(cost) for cost in zip(*found, strict=True))
    return first, second


def main() -> None:
    """Print what one run costs more, cold and warm, and what a large one does."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.box", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--turns", type=int, default=TURNS)
    options = parser.parse_args()
    for rows in (SMALL, options.rows):
        prepare(CASES[FIRST], rows)
    cold, cold_bare = pairs(("boxed", "bare"), SMALL, options.turns)
    often, often_bare = pairs(("boxed-often", "bare-often"), SMALL, options.turns)
    warm = (often - cold - (often_bare - cold_bare)) / (OFTEN - 1)
    large, large_bare = pairs(("boxed", "bare"), options.rows, options.turns)
    share = (large - (cold - cold_bare)) / large_bare
    print(f"What the box costs ({FIRST}, {options.turns} pairs)\n")
    print(f"  first run of {SMALL:,} rows     {cold - cold_bare:6.3f} s more   {_goal(cold - cold_bare, RUN_GOAL)}")
    print(f"  each further run           {warm:6.3f} s more   {_goal(warm, RUN_GOAL)}")
    print(f"  {options.rows:>9,} rows, beyond that {share:6.3f} times      {_goal(share, SHARE_GOAL)}")


def _goal(found: float, most: float) -> str:
    return f"≤ {most:g} {'met' if found <= most else 'NOT met'}"


if __name__ == "__main__":
    main()
