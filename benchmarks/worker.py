"""One measurement in a process of its own: `python -m benchmarks.worker KIND CASE ROWS FOLDER`; prints the rows."""

import importlib
import json
import pkgutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, Case

DATA = Path("build/bench")
NOW = datetime(2026, 8, 1, tzinfo=UTC)
OFTEN = 20


def files_of(case: Case, rows: int) -> tuple[Path, ...]:
    """The files that `data.make` has left, found without loading what made them."""
    folder = DATA / f"{case.data}-{rows}"
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".done")
    wanted = {".gml"} if case.data == "gml" else {".shp"} if case.data.startswith("shp") else None
    return tuple(path for path in files if wanted is None or path.suffix in wanted)


def conform_only(case: Case, rows: int, folder: Path) -> int:
    """Conform, and nothing else."""
    pipeline = importlib.import_module("openaddr.conform.pipeline")
    columns = ("OBJECTID", *case.needed) if case.protocol == "ESRI" else ()
    found: int = pipeline.conform(case.entry, "xx/bench", files_of(case, rows), folder, columns=columns).rows
    return found


def conform_and_zip(case: Case, rows: int, folder: Path) -> int:
    """Conform and the CSV zip: what is compared with the predecessors and with the floor."""
    kept = conform_only(case, rows, folder)
    extract = importlib.import_module("openaddr.extract")
    batches = importlib.import_module("openaddr.outputs.batch")
    writer = importlib.import_module("openaddr.outputs.csv_zip").CsvZip(case.entry, "xx/bench", folder, NOW)
    for frame in extract.read_batches(folder / "extract.arrow"):
        writer.feed(batches.Batch(frame))
    writer.finish()
    return kept


def floor(case: Case, rows: int, folder: Path) -> int:
    """What no program could do without."""
    found: int = importlib.import_module("benchmarks.floor").write_floor(case, files_of(case, rows), folder / "floor")
    return found


def all_outputs(case: Case, rows: int, folder: Path) -> int:
    """Conform and every output made of rows."""
    outputs = importlib.import_module("openaddr.outputs.write")
    stages = importlib.import_module("openaddr.stages")
    pipeline = importlib.import_module("openaddr.conform.pipeline")
    extract = pipeline.conform(case.entry, "xx/bench", files_of(case, rows), folder)
    options = stages.Options(tiles=False, preview=False)
    target = folder / "outputs"
    target.mkdir()
    outputs.write_outputs(extract, case.entry, "xx/bench", target, options, NOW)
    return int(extract.rows)


def warm(case: Case, rows: int, folder: Path) -> int:
    """Process a source twice in one process; prints the CPU seconds of the second time on standard error."""
    cold = processed(case, rows, folder / "cold")
    started = time.process_time()
    again = processed(case, rows, folder / "warm")
    print(f"{time.process_time() - started + again.cpu_seconds:.3f}", file=sys.stderr)
    return int(cold.account.kept)


def boxed(case: Case, rows: int, folder: Path) -> int:
    """Process a source once, each stage in the box, as the command does."""
    return int(processed(case, rows, folder).account.kept)


def bare(case: Case, rows: int, folder: Path) -> int:
    """The same with all stages in this process."""
    _without_box()
    return boxed(case, rows, folder)


def boxed_often(case: Case, rows: int, folder: Path) -> int:
    """Process a source OFTEN times in one process; the rows of all."""
    return sum(boxed(case, rows, folder / str(turn)) for turn in range(OFTEN))


def bare_often(case: Case, rows: int, folder: Path) -> int:
    """The same with all stages in this process."""
    _without_box()
    return boxed_often(case, rows, folder)


def _without_box() -> None:
    box = importlib.import_module("openaddr.box")

    class Bare(box.Box):  # type: ignore[misc, name-defined]
        def call(self, function: str, *arguments: Any, progress: Any = None, **_: Any) -> Any:
            return pkgutil.resolve_name(function)(*arguments, progress=progress)

    importlib.import_module("openaddr.journey").__dict__["Box"] = Bare


def processed(case: Case, rows: int, folder: Path) -> Any:
    """The run of one journey through `process`, without tiles and preview."""
    process = importlib.import_module("openaddr.process")
    settings = importlib.import_module("openaddr.settings")
    stages = importlib.import_module("openaddr.stages")
    folder.mkdir(parents=True, exist_ok=True)
    source = write_source(case, rows, folder)
    allowed = settings.Settings(allow_files=(str(DATA.resolve()),))
    options = stages.Options(tiles=False, preview=False)
    (run,) = process.process_source(process.Request(source, folder / "out", options=options, settings=allowed))
    assert run.problem is None, run.problem
    return run


def write_source(case: Case, rows: int, folder: Path) -> Path:
    """A source file whose data is on this disk."""
    (data,) = files_of(case, rows)
    member = {"name": "bench", "protocol": "file", "data": data.resolve().as_uri(), "conform": case.rules}
    source = {"schema": 2, "coverage": {"geometry": {}}, "layers": {"addresses": [member]}}
    path = folder / "bench.json"
    path.write_text(json.dumps(source), encoding="utf-8")
    return path


KINDS: dict[str, Callable[[Case, int, Path], int]] = {
    "conform": conform_only,
    "ours": conform_and_zip,
    "floor": floor,
    "all": all_outputs,
    "warm": warm,
    "boxed": boxed,
    "bare": bare,
    "boxed-often": boxed_often,
    "bare-often": bare_often,
}

if __name__ == "__main__":
    _, kind, name, count, place = sys.argv
    print(KINDS[kind](CASES[name], int(count), Path(place)))
