"""Two outputs row by row: which were added, removed or changed, by their ids.

Both files are read as streams, and of each row only its id and a digest of the rest are kept. Rows with one and the
same id, which a publisher repeats, are counted and not told apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from openaddr.errors import Code, ProblemError
from openaddr.stages import Bounds

ID, PLACE, BOX = "hash", "geometry", "bbox"
EXTRACT = "extract.parquet"
EXAMPLES = 5


@dataclass(frozen=True)
class Side:
    """One of the two: its file, rows, the rows in which each attribute is filled, and bounds."""

    path: Path
    rows: int
    fills: Mapping[str, int]
    bounds: Bounds | None


@dataclass(frozen=True)
class ChangedRow:
    """One row before and after, as far as it differs: attribute to (old, new)."""

    id: str
    values: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class RowDiff:
    """What differs, in numbers of rows, with a few examples of each."""

    old: Side
    new: Side
    added: int
    removed: int
    changed: int
    added_rows: list[Mapping[str, str]] = field(default_factory=list)
    removed_rows: list[Mapping[str, str]] = field(default_factory=list)
    changed_rows: list[ChangedRow] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether both have the same rows."""
        return not (self.added or self.removed or self.changed)


def compare(old: Path, new: Path, examples: int = EXAMPLES) -> RowDiff:
    """Compare two GeoParquet outputs, or the folders of two runs. Raises ProblemError for anything else."""
    before, after = _opened(old), _opened(new)
    names = [name for name in after.collect_schema().names() if name not in (ID, PLACE, BOX)]
    if missing := set(names) ^ {name for name in before.collect_schema().names() if name not in (ID, PLACE, BOX)}:
        listed = ", ".join(sorted(missing))
        raise ProblemError(Code.OUTPUT_UNREADABLE, f"{old} and {new} are of different layers: only one has {listed}.")
    keys = _digests(before).join(_digests(after), on="id", how="full", coalesce=True, suffix="_new")
    kept = keys.with_columns(pl.col("count", "count_new").fill_null(0))
    more, fewer = kept.filter(pl.col("count_new") > pl.col("count")), kept.filter(pl.col("count_new") < pl.col("count"))
    other = kept.filter((pl.col("count") == pl.col("count_new")) & (pl.col("digest") != pl.col("digest_new")))
    return RowDiff(
        _side(old, before, names),
        _side(new, after, names),
        int((more["count_new"] - more["count"]).sum()),
        int((fewer["count"] - fewer["count_new"]).sum()),
        int(other["count"].sum()),
        _rows(after, more["id"].sort().head(examples), names),
        _rows(before, fewer["id"].sort().head(examples), names),
        _changed(before, after, other["id"].sort().head(examples), names),
    )


def _opened(path: Path) -> pl.LazyFrame:
    found = path / EXTRACT if path.is_dir() else path
    try:
        frame = pl.scan_parquet(found)
        names = frame.collect_schema().names()
    except (OSError, pl.exceptions.PolarsError) as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = f"{found} cannot be read as Parquet: {words[:200]}."
        raise ProblemError(Code.OUTPUT_UNREADABLE, message) from error
    if not {ID, PLACE, BOX} <= set(names):
        raise ProblemError(Code.OUTPUT_UNREADABLE, f"{found} is no output of a run: it has the columns {names[:20]}.")
    return frame


def _digests(frame: pl.LazyFrame) -> pl.DataFrame:
    """Each id once, with how many rows have it and a digest of all they say."""
    # Of 64 bits 48 are enough, and the sum for up to 65,536 rows of one id has room.
    digest = pl.struct(pl.all().exclude(ID, BOX)).hash(seed=0) // 65_536
    rows = frame.select(pl.col(ID).alias("id"), digest.alias("digest"))
    found = rows.group_by("id").agg(pl.len().cast(pl.Int64).alias("count"), pl.col("digest").sum())
    return found.collect(engine="streaming")


def _side(path: Path, frame: pl.LazyFrame, names: list[str]) -> Side:
    fills = [(pl.col(name).str.len_bytes() > 0).sum().alias(name) for name in names]
    corners = [getattr(pl.col(BOX).struct.field(corner), edge)().alias(corner)
               for corner, edge in (("xmin", "min"), ("ymin", "min"), ("xmax", "max"), ("ymax", "max"))]  # fmt: skip
    located = pl.col(PLACE).is_not_null().sum().alias(PLACE)
    (row,) = frame.select(pl.len().alias("rows"), *fills, located, *corners).collect(engine="streaming").to_dicts()
    west, south, east, north = (row[corner] for corner in ("xmin", "ymin", "xmax", "ymax"))
    bounds = None if west is None else (west, south, east, north)
    return Side(path, row["rows"], {name: row[name] for name in (*names, PLACE)}, bounds)


def _found(frame: pl.LazyFrame, ids: pl.Series, names: list[str]) -> pl.DataFrame:
    """The first row of each id, as text; the place as the middle of its box."""
    box = pl.col(BOX).struct
    place = pl.format(
        "{} {}",
        ((box.field("xmin") + box.field("xmax")) / 2).round(5),
        ((box.field("ymin") + box.field("ymax")) / 2).round(5),
    ).fill_null("")
    chosen = frame.filter(pl.col(ID).is_in(ids.implode())).select(ID, *names, place.alias("place"))
    return chosen.collect(engine="streaming").unique(ID, keep="first").sort(ID)


def _rows(frame: pl.LazyFrame, ids: pl.Series, names: list[str]) -> list[Mapping[str, str]]:
    return [{name: value for name, value in row.items() if value} for row in _found(frame, ids, names).to_dicts()]


def _changed(before: pl.LazyFrame, after: pl.LazyFrame, ids: pl.Series, names: list[str]) -> list[ChangedRow]:
    pairs = zip(_found(before, ids, names).to_dicts(), _found(after, ids, names).to_dicts(), strict=True)
    return [
        ChangedRow(old[ID], {name: (old[name], new[name]) for name in (*names, "place") if old[name] != new[name]})
        for old, new in pairs
    ]
