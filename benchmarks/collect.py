"""`python -m benchmarks.collect`: what one archive of many sources costs, against unpacking and packing each again.

Goals: 50 times less CPU; below 600 MB, GeoParquet and tiles as well. The files of runs are a handful of real ones under
many names. Each measurement is a process of its own, without its start.
"""

import argparse
import io
import resource
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from benchmarks.measure import measure
from openaddr.collecting.checking import ARCHIVE, Checked, check
from openaddr.collecting.classic import Classic
from openaddr.collecting.members import Member
from openaddr.collecting.parquet import EXTRACT, Bundle
from openaddr.collecting.plans import PARQUET, ZIP, Plan
from openaddr.collecting.shelf import Shelf
from openaddr.collecting.tiles import make_tiles
from openaddr.extract import ExtractWriter, text_columns
from openaddr.outputs.batch import Batch, RowOutput
from openaddr.outputs.csv_zip import CsvZip
from openaddr.outputs.geoparquet import GeoParquet
from openaddr.source.model import LayerSource, License
from openaddr.stages import Extract, GeometryKind, Layer, RowAccount
from openaddr.storage.folder import Folder
from openaddr.storage.objects import About, Writer

KINDS = 8
MEMORY_GOAL = 600
NOW = datetime(2026, 11, 24, tzinfo=UTC)
LICENCE = License("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/", True, "Town", False)
ENTRY = LayerSource(
    Layer.ADDRESSES, "town", "/layers/addresses/0", "http", "https://x.example/a.csv", None, license=LICENCE
)
LINE = "{:<28} {:>8} {:>10} {:>8}"


def main() -> None:
    """Make the files, then measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.collect", description=__doc__)
    parser.add_argument("--outputs", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--act", choices=ACTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.act:
        act(given.act, given.folder, given.outputs)
        return
    with tempfile.TemporaryDirectory(prefix="collect-") as folder:
        make(Path(folder), given.outputs, given.rows)
        print(LINE.format(f"{given.outputs:,} x {given.rows:,} rows", "CPU s", "ms each", "MB"))
        costs, most = {}, 0.0
        for name in ACTS:
            command = [sys.executable, "-m", "benchmarks.collect", "--act", name, "--folder", folder, "--outputs"]
            cost = measure([*command, str(given.outputs)])
            costs[name], most = float(cost.output), max(most, cost.peak)
            each = f"{costs[name] / given.outputs * 1000:.2f}"
            print(LINE.format(name, f"{costs[name]:.2f}", each, f"{cost.peak:.0f}"), flush=True)
        print(f"copying costs {costs['unpack and pack'] / costs['copy']:.0f} times less (goal: 50)")
        print(f"memory {most:.0f} MB (goal: below {MEMORY_GOAL})")


def make(folder: Path, outputs: int, rows: int) -> None:
    """The archives of so many runs, of which a few differ."""
    storage = Folder(folder / "storage")
    for kind in range(KINDS):
        archive, parquet = _files(folder, kind, rows)
        storage.put(f"kinds/{kind}.zip", archive, About(CsvZip.MEDIA_TYPE))
        storage.put(f"kinds/{kind}.parquet", parquet, About(GeoParquet.MEDIA_TYPE))
    for run in range(outputs):
        storage.copy(f"kinds/{run % KINDS}.zip", f"runs/{run}/{ARCHIVE}", About(CsvZip.MEDIA_TYPE))
        storage.copy(f"kinds/{run % KINDS}.parquet", f"runs/{run}/{EXTRACT}", About(GeoParquet.MEDIA_TYPE))


def _files(folder: Path, seed: int, rows: int) -> tuple[Path, Path]:
    """Archive and GeoParquet of a town, each kind in a square degree of its own."""
    random = np.random.default_rng(seed)
    words = pl.Series(["Main St", "Oak Avenue", "N 3rd Street", "Church Lane", "Lindenstraße", "Elm Court", "Hill Rd"])
    empty = dict.fromkeys(text_columns(Layer.ADDRESSES), pl.Series([""] * rows, dtype=pl.String))
    frame = pl.DataFrame(empty).with_columns(
        pl.Series("hash", [f"{value:016x}" for value in random.integers(0, 1 << 62, rows)]),
        pl.Series("number", random.integers(1, 2_000, rows)).cast(pl.String),
        words[random.integers(0, 7, rows)].alias("street"),
        pl.lit("Windmere").alias("city"),
        pl.lit("90210").alias("postcode"),
        pl.Series("lon", np.round(random.normal(8.5 + seed, 0.02, rows), 7)),
        pl.Series("lat", np.round(random.normal(47.4, 0.02, rows), 7)),
    )
    target = folder / f"{seed}"
    target.mkdir()
    with ExtractWriter(target / "extract.arrow", Layer.ADDRESSES, GeometryKind.POINT) as writer:
        writer.write(frame)
    path = target / "extract.arrow"
    made = Extract(path, Layer.ADDRESSES, GeometryKind.POINT, rows, writer.bounds, frozenset(), RowAccount())
    outputs: tuple[RowOutput, RowOutput] = CsvZip(ENTRY, "xx/town", target, NOW), GeoParquet(made, target, target)
    for output in outputs:
        output.feed(Batch(frame, 0))
    archive, parquet = (output.finish().path for output in outputs)
    return archive, parquet


def act(name: str, folder: Path, outputs: int) -> None:
    """Do one thing and print the seconds of CPU that it took."""
    members = [_member(run) for run in range(outputs)]
    before = _cpu()
    ACTS[name](folder, members)
    print(_cpu() - before)


def _member(run: int) -> Member:
    path = f"xx/{run:05}"
    return Member(path, Layer.ADDRESSES, "town", path, run, 5_000, NOW, "", LICENCE, "https://x.example/")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def look(folder: Path, members: list[Member]) -> None:
    """What is done once for each run."""
    storage, found = Folder(folder / "storage"), {}
    for member in members:
        found[member.run] = check(storage, member, folder)
    (folder / "checked.json").write_bytes(msgspec.json.encode(found))


def copy(folder: Path, members: list[Member]) -> None:
    """What is done for each archive, into a file as the one below."""
    with (folder / "copied.zip").open("wb", buffering=0) as out:
        _write(folder, members, out)


def store(folder: Path, members: list[Member]) -> None:
    """The same into storage: hashed on the way, flushed, and read again."""
    with Folder(folder / "storage").write("collections/a.zip", About(CsvZip.MEDIA_TYPE)) as out:
        _write(folder, members, out)


def _write(folder: Path, members: list[Member], out: Writer) -> None:
    storage = Folder(folder / "storage")
    checked = msgspec.json.decode((folder / "checked.json").read_bytes(), type=dict[int, Checked])
    kind = Classic(Shelf(storage, folder, checked), Plan("global", False, Layer.ADDRESSES, ZIP, tuple(members)))
    contents = kind.contents()
    contents.digest(*kind.texts())
    kind.write(contents, out)


def parquet(folder: Path, members: list[Member]) -> None:
    """All rows as one GeoParquet."""
    shelf = Shelf(Folder(folder / "storage"), folder)
    bundle = Bundle(shelf, Plan("global", False, Layer.ADDRESSES, PARQUET, tuple(members)))
    with shelf.storage.write("collections/a.parquet", About(bundle.media_type)) as out:
        bundle.write(bundle.contents(), out)


def tiles(folder: Path, members: list[Member]) -> None:
    """All rows by square degrees."""
    checked = msgspec.json.decode((folder / "checked.json").read_bytes(), type=dict[int, Checked])
    make_tiles(Shelf(Folder(folder / "storage"), folder, checked), members)


def unpack_and_pack(folder: Path, members: list[Member]) -> None:
    """What the predecessor did for each archive, without its look at each row."""
    storage = Folder(folder / "storage")
    with zipfile.ZipFile(folder / "again.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            with storage.open(member.key(ARCHIVE)) as stream, zipfile.ZipFile(io.BytesIO(stream.read())) as found:
                name = next(name for name in found.namelist() if name.endswith(".csv"))
                with found.open(name) as source, archive.open(f"{member.path}.csv", "w") as target:
                    shutil.copyfileobj(source, target)


ACTS: dict[str, Callable[[Path, list[Member]], None]] = {
    "look (once for a run)": look,
    "copy": copy,
    "copy into storage": store,
    "unpack and pack": unpack_and_pack,
    "GeoParquet": parquet,
    "tiles": tiles,
}

if __name__ == "__main__":
    main()
