"""`make bench`: every figure of ours beside its goal. CPU seconds and ratios hold; absolute times differ by machine.

The goals against the predecessors cannot be measured here without them; the ratio to the floor stands for them: their
figures were taken beside a prototype that needed 1.6 to 2.7 times the floor for shapefile, geodatabase and GeoJSON and
4 to 9 times for CSV, GeoPackage and ESRI, at 1/25 and 1/10 to 1/17 of their CPU time.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cases import CASES, Case
from benchmarks.measure import measure, work
from benchmarks.worker import DATA, write_source

SMALL = 1_000
FIRST = "csv, projected, join"
MEMORY_GOAL = 400
MICRO = 1_000_000
TRIES = 5
LIBRARIES = "polars, pyarrow.csv, pyarrow.parquet, shapely, pyproj, urllib3, msgspec, typer"
"""What `openaddr process` loads for a projected CSV file, whatever we do."""
LINE = "{:<22} {:>10} {:>8} {:>8} {:>8} {:>8} {:>7}  {}"


def prepare(case: Case, rows: int) -> None:
    """Make the data of a case, in a process that is gone before anything is measured."""
    done = DATA / f"{case.data}-{rows}" / ".done"
    if not done.exists():
        print(f"making {case.data} with {rows:,} rows", file=sys.stderr)
        code = "import sys; from pathlib import Path; from benchmarks.data import make"
        code += "; make(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))"
        measure([sys.executable, "-c", code, case.data, str(rows), str(DATA)])


def against_the_floor(wanted: int, names: Sequence[str]) -> None:
    """Conform and CSV zip of each format, and the floor."""
    print(f"\nConform and CSV zip, whole processes, one thread ({wanted:,} rows)\n")
    print(LINE.format("format", "rows", "CPU s", "µs/row", "peak MB", "floor s", "ratio", "goal"))
    for case in (CASES[name] for name in names):
        rows = case.rows(wanted)
        prepare(case, rows)
        ours, floor = work("ours", case.name, rows), work("floor", case.name, rows)
        assert ours.output == floor.output == str(rows), (ours.output, floor.output)
        ratio = ours.cpu / floor.cpu
        print(
            LINE.format(
                case.name,
                f"{rows:,}",
                f"{ours.cpu:.2f}",
                f"{ours.cpu / rows * MICRO:.2f}",
                f"{ours.peak:.0f}",
                f"{floor.cpu:.2f}",
                f"{ratio:.2f}",
                _goal(ratio, case.floor_goal),
            ),
            flush=True,
        )


def all_against_the_zip(rows: int) -> None:
    """Every output made of rows against the CSV zip alone."""
    case = CASES[FIRST]
    prepare(case, rows)
    conform, zipped, everything = (work(kind, case.name, rows).cpu for kind in ("conform", "ours", "all"))
    print(f"\nOutputs of {rows:,} rows ({case.name})\n")
    print(f"  conform alone {conform:.2f} s, with CSV zip {zipped:.2f} s, with all outputs of rows {everything:.2f} s")
    print(f"  whole processes: {everything / zipped:.2f} times the CSV zip   {_goal(everything / zipped, 2)}")
    print(f"  outputs alone:   {(everything - conform) / (zipped - conform):.2f} times")


def memory(counts: Sequence[int]) -> None:
    """Peak memory as rows grow."""
    print("\nPeak memory, conform and all outputs of rows\n")
    case = CASES[FIRST]
    for rows in counts:
        prepare(case, rows)
        peak = work("all", case.name, rows).peak
        print(f"  {rows:>10,} rows {peak:6.0f} MB   {_goal(peak, MEMORY_GOAL)}", flush=True)


def small() -> None:
    """What one small source and the bare command cost."""
    case = CASES[FIRST]
    prepare(case, SMALL)
    openaddr = [sys.executable, "-m", "openaddr"]
    with tempfile.TemporaryDirectory() as name:
        source = write_source(case, SMALL, Path(name))
        command = [*openaddr, "process", str(source), "--output", f"{name}/out", "--no-tiles", "--no-preview"]
        allowed = str(DATA.resolve())
        whole = min(measure(command, OPENADDR_ALLOW_FILES=allowed).cpu for _ in range(TRIES))
    warm = float(work("warm", case.name, SMALL).errors.splitlines()[-1])
    libraries = min(measure([sys.executable, "-c", f"import {LIBRARIES}"]).cpu for _ in range(TRIES))
    bare = min(measure([*openaddr, "--help"]).cpu for _ in range(TRIES))
    print(f"\nSmall things, CPU s, the best of {TRIES}\n")
    print(f"  openaddr process, {SMALL:,} rows   {whole:.2f}   {_goal(whole, 0.8)}")
    print(f"  its libraries alone            {libraries:.2f}   -")
    print(f"  the same in a warm process     {warm:.2f}   {_goal(warm, 0.15)}")
    print(f"  openaddr --help                {bare:.2f}   {_goal(bare, 0.2)}")


def _goal(found: float, most: float | None) -> str:
    if most is None:
        return "-"
    return f"≤ {most:g} {'met' if found <= most else 'NOT met'}"


def main() -> None:
    """Print all tables, or those of one size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--rows", type=int, help="one size only, and no more than that")
    parser.add_argument("--format", action="append", choices=CASES, help="only this format (may be repeated)")
    options = parser.parse_args()
    sizes = [options.rows] if options.rows else [100_000, 1_000_000]
    for rows in sizes:
        against_the_floor(rows, options.format or list(CASES))
    if options.format:
        return
    small()
    all_against_the_zip(sizes[-1])
    memory(sizes if options.rows else [1_000_000, 5_000_000])


if __name__ == "__main__":
    main()
