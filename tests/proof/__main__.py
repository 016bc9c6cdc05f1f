"""The whole proof: bad inputs, faults under runs on both storages, tests that prove promises; then one table."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.proof.evidence import Evidence, read
from tests.proof.marked import counted
from tests.proof.promises import breaches, shortfalls, table

KILLS, A_FEW = "20", "3"
"""Of each thing that is published, while readers poll it."""


@dataclass(frozen=True)
class Part:
    """One command of the proof."""

    name: str
    command: tuple[str, ...]


def parts(folder: Path, *, quick: bool) -> list[list[Part]]:
    """What runs when: each list when the one before has ended."""

    def faults(kind: str) -> Part:
        command = ("tests.faults.proof", "--storage", kind, "--report", str(folder / kind))
        return Part(f"faults, {kind}", (*command, *(("--share", "0.2") if quick else ())))

    inputs = Part("bad inputs", ("tests.hostile.proof", "--report", str(folder / "inputs")))
    tests = Part("tests", ("pytest", "-n", "2", "--evidence", str(folder / "tests")))
    return [[inputs], [faults("folder"), faults("bucket")], [tests]]


def run(together: Sequence[Part], folder: Path, kills: str) -> None:
    """Run parts side by side, each with its output in a file, and print what they said one after the other."""
    environment = os.environ | {"OPENADDR_KILLS": os.environ.get("OPENADDR_KILLS", kills)}
    started = []
    for part in together:
        print(f"… {part.name}", file=sys.stderr, flush=True)
        output = (folder / f"{part.name}.txt").open("w+")
        process = subprocess.Popen([sys.executable, "-m", *part.command], stdout=output, stderr=None, env=environment)
        started.append((part, output, process))
    for part, output, process in started:
        process.wait()
        output.seek(0)
        print(f"\n== {part.name}\n{output.read()}", flush=True)
        output.close()


def ended(evidence: Sequence[Evidence], seconds: float) -> Iterator[str]:
    """The last lines: what is missing, and the verdict."""
    missing = [f"MISSING {what}" for what in shortfalls(evidence)]
    yield from missing
    broken = {breach.promise for breach in breaches(evidence)}
    word = "all promises held" if not broken else f"broken: {', '.join(sorted(broken))}"
    yield f"{seconds / 60:.0f} min; {word}{' (too little for a whole proof)' if missing else ''}"


def main() -> int:
    """Run it all and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="all bad inputs, a fifth of the faults")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="proof-") as name:
        for together in parts(Path(name), quick=options.quick):
            run(together, Path(name), A_FEW if options.quick else KILLS)
        tests = read(Path(name, "tests"))
        evidence = [item for part in ("inputs", "folder", "bucket") for item in read(Path(name, part))] + tests
    print("\n".join([*counted(tests), "", *table(evidence)]))
    print("\n".join(ended(evidence, time.monotonic() - started)))
    is_short = any(True for _ in shortfalls(evidence)) and not options.quick
    return 1 if breaches(evidence) or is_short else 0


if __name__ == "__main__":
    sys.exit(main())
