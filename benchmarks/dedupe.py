"""`python -m benchmarks.dedupe`: made-up addresses that several sources have, each in its own way, deduplicated.

Which rows are one address is known: `id` says it. Measured are precision and recall of pairs of rows, time and memory.
"""

import argparse
import resource
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from openaddr.deduping import build
from openaddr.deduping.database import opened
from openaddr.deduping.inputs import COLUMNS, Input
from openaddr.deduping.locality import Locality
from openaddr.outputs.geoparquet import point_wkb

ROWS = 1_000_000
MEMORY_GOAL = 2_000
PRECISION_GOAL, RECALL_GOAL = 0.999, 0.95
STREETS = ("Main Street", "Oak Avenue", "N Élm Street", "Saint Mary's Road", "Hauptstraße", "Rue de la République",
           "Calle Mayor", "Old Mill Lane", "West 4th Street", "O'Brien Court")  # fmt: skip
OTHER_WAYS = ("MAIN ST", "OAK AVE.", "North Elm St", "St. Marys Rd", "HAUPTSTRASSE", "RUE DE LA REPUBLIQUE",
              "C/ Mayor", "OLD MILL LN", "W 4th St", "OBrien Ct")  # fmt: skip
SHARES = {Locality.COUNTY: 1.0, Locality.CITY: 0.35, Locality.STATE: 0.55}
"""How many of the addresses each kind of source has."""
TOWN = 20_000
"""Addresses of a town: each has sources of its own."""
METRE = 1 / 111_320
FAR, MISSPELT = 0.01, 0.01
"""Shares of the rows of other sources that are too far off, or spelt too differently, to be found."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """How it went: shares of pairs, seconds, MB."""

    rows: int
    files: int
    precision: float
    recall: float
    seconds: float
    memory: float


def make(folder: Path, rows: int, seed: int = 1) -> dict[Input, Path]:
    """Sources with about so many rows in all."""
    towns = max(1, round(rows / sum(SHARES.values()) / TOWN))
    made = {}
    for town in range(towns):
        random = np.random.default_rng((seed, town))
        for level, share in SHARES.items():
            found = Input(f"xx/{town:04}/{level.name.lower()}", "made", town * 10 + int(level), level)
            made[found] = folder / f"{town}-{level.name}.parquet"
            chosen = np.flatnonzero(random.random(TOWN) < share)
            pq.write_table(_table(found, town, chosen, random), made[found], compression="zstd")
    return made


def _table(found: Input, town: int, chosen: Numbers, random: np.random.Generator) -> pa.Table:
    """What one source says of the addresses chosen.

    Every tenth is a flat of the one before, every fiftieth has number and street of the one before 25 m further on.
    """
    flat, twin = chosen % 10 == 9, chosen % 50 == 7
    house = np.where(flat | twin, chosen - 1, chosen)
    street, number = house // 200 % len(STREETS), house % 200 + 1
    # Streets lie 100 m apart, houses 15 m; the numbers of a street come again in the next one of that name.
    lon = 7 + town % 100 * 0.1 + house % 200 * 15 * METRE
    lat = 40 + town // 100 * 0.1 + (house // 200 * 100 + twin * 25) * METRE
    first = found.locality is Locality.COUNTY
    off = np.where(random.random(len(house)) < (0 if first else FAR), 40.0, 3.0) * METRE
    lon, lat = lon + random.uniform(-1, 1, len(house)) * 3 * METRE, lat + off * random.choice([-1, 1], len(house)) / 2
    names = np.array(STREETS if first else OTHER_WAYS, object)[street]
    misspelt = random.random(len(house)) < (0 if first else MISSPELT)
    names[misspelt] = names[misspelt] + "x"
    unit = np.where(flat, "Apt 2" if first else "2", "")
    text: dict[str, object] = dict.fromkeys(COLUMNS, pl.Series([""] * len(house)))
    text |= {"hash": [f"{town:04x}{int(found.locality)}{row:011x}" for row in chosen], "number": number.astype(str)}
    text |= {"street": list(names), "unit": unit, "id": [f"{town}-{row}" for row in chosen]}
    text |= {"postcode": np.where(random.random(len(house)) < 0.7, f"{town:05}", "")}
    frame = pl.DataFrame(text).select(pl.col(COLUMNS).cast(pl.String))
    return frame.to_arrow().append_column("geometry", point_wkb(np.round(lon, 7), np.round(lat, 7)))


def run(rows: int, folder: Path) -> Found:
    """Make sources, deduplicate them, and compare with what is known."""
    made = make(folder, rows)
    started = time.monotonic()
    (folder / "work").mkdir()
    with opened(folder / "work") as database:
        build.read(database, made, lambda found, _: made[found], folder)
        database.group()
        shards = list(build.write_all(database, folder / "work"))
        seconds = time.monotonic() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    precision, recall = compare([shard.path for shard in shards])
    return Found(sum(shard.rows for shard in shards), len(shards), precision, recall, seconds, memory)


def compare(paths: list[Path]) -> tuple[float, float]:
    """Precision and recall of pairs of rows that were said to be one address."""
    pairs = "coalesce(sum(rows * (rows - 1)), 0)"
    counted = "(select count(*) as rows from read_parquet($paths) group by {})"
    of = (f"(select {pairs} from {counted.format(by)})" for by in ("id, dedupe_group", "dedupe_group", "id"))
    both, said, true = duckdb.execute(f"select {', '.join(of)}", {"paths": [str(path) for path in paths]}).fetchall()[0]
    return float(both / said), float(both / true)


def main() -> None:
    """Print how it went."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dedupe", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args()
    build_folder = Path("build")
    build_folder.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="dedupe-", dir=build_folder))
    try:
        found = run(options.rows, folder)
    finally:
        shutil.rmtree(folder)
    print(f"{found.rows:,} rows into {found.files} files in {found.seconds:.0f} s")
    print(f"  memory     {found.memory:8,.0f} MB  {_goal(found.memory <= MEMORY_GOAL)}, at most {MEMORY_GOAL:,}")
    print(
        f"  precision  {found.precision:8.5f}     {_goal(found.precision >= PRECISION_GOAL)}, at least {PRECISION_GOAL}"
    )
    print(f"  recall     {found.recall:8.5f}     {_goal(found.recall >= RECALL_GOAL)}, at least {RECALL_GOAL}")


def _goal(met: bool) -> str:
    return "met" if met else "NOT met"


if __name__ == "__main__":
    main()
