"""Two outputs row by row: which were added, removed or changed, by their ids.

Both files are read as streams; of each row its id and a digest of the rest go into a temporary file of 16 bytes a row.
Rows with one and the same id, which a publisher repeats, are counted and not told apart.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from openaddr.errors import Code, ProblemError
from openaddr.stages import Bounds

ID, PLACE, BOX = "hash", "geometry", "bbox"
EXTRACT = "extract.parquet"
EXAMPLES = 5
ROWS_AT_ONCE = 2_000_000
"""Of each side: what is compared in memory at once. Larger outputs are compared in parts, by their ids."""


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


@dataclass
class _Found:
    """What differs so far, and the smallest ids of each kind."""

    examples: int
    added: int = 0
    removed: int = 0
    changed: int = 0
    ids: dict[str, list[int]] = field(default_factory=lambda: {"added": [], "removed": [], "changed": []})

    def note(self, keys: pl.DataFrame) -> None:
        """Add keys of both sides: `id`, and `count` and `digest` of each side, null where it has no such row."""
        kept = keys.with_columns(pl.col("count", "count_new").fill_null(0))
        more, fewer = pl.col("count_new") > pl.col("count"), pl.col("count_new") < pl.col("count")
        for kind, which in (("added", more), ("removed", fewer), ("changed", ~more & ~fewer & _DIFFER)):
            rows = kept.filter(which)
            numbers = rows["count"] if kind == "changed" else (rows["count_new"] - rows["count"]).abs()
            setattr(self, kind, getattr(self, kind) + int(numbers.sum()))
            self.ids[kind] = sorted([*self.ids[kind], *rows["id"].sort().head(self.examples)])[: self.examples]


_DIFFER = pl.col("digest") != pl.col("digest_new")


def compare(old: Path, new: Path, examples: int = EXAMPLES) -> RowDiff:
    """Compare two GeoParquet outputs, or the folders of two runs. Raises ProblemError for anything else."""
    before, after = _opened(old), _opened(new)
    names = _names(after)
    if missing := set(names) ^ set(_names(before)):
        listed = ", ".join(sorted(missing))
        raise ProblemError(Code.OUTPUT_UNREADABLE, f"{old} and {new} are of different layers: only one has {listed}.")
    sides = _side(old, before, names), _side(new, after, names)
    found = _Found(examples)
    with tempfile.TemporaryDirectory(prefix="openaddr-diff-") as folder:
        files = [_digested(frame, Path(folder, name)) for frame, name in ((before, "old"), (after, "new"))]
        parts = -(-max(side.rows for side in sides) // ROWS_AT_ONCE) or 1
        for part in range(parts):
            mine, theirs = (_keys(file, part, parts) for file in files)
            found.note(mine.join(theirs, on="id", how="full", coalesce=True, suffix="_new"))
    return RowDiff(
        *sides,
        found.added,
        found.removed,
        found.changed,
        _rows(after, found.ids["added"], names),
        _rows(before, found.ids["removed"], names),
        _changed(before, after, found.ids["changed"], names),
    )


def _names(frame: pl.LazyFrame) -> list[str]:
    return [name for name in frame.collect_schema().names() if name not in (ID, PLACE, BOX)]


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


def _digested(frame: pl.LazyFrame, path: Path) -> pl.LazyFrame:
    """Of each row its id as a number, and a digest of all that it says, in a file."""
    # Of 64 bits 48 are enough, and the sum for up to 65,536 rows of one id has room.
    digest = pl.struct(pl.all().exclude(ID, BOX)).hash(seed=0) // 65_536
    number = pl.col(ID).str.to_integer(base=16, dtype=pl.UInt64, strict=False)
    frame.select(number.alias("id"), digest.alias("digest")).sink_parquet(path, compression="lz4")
    return pl.scan_parquet(path)


def _keys(rows: pl.LazyFrame, part: int, parts: int) -> pl.DataFrame:
    """Each id of one part once, with how many rows have it and what they say together."""
    mine = rows.filter(pl.col("id") % parts == part).group_by("id")
    found = mine.agg(pl.len().cast(pl.Int64).alias("count"), pl.col("digest").sum())
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


def _found(frame: pl.LazyFrame, ids: list[int], names: list[str]) -> pl.DataFrame:
    """The first row of each id, as text; the place as the middle of its box."""
    box = pl.col(BOX).struct
    place = pl.format(
        "{} {}",
        ((box.field("xmin") + box.field("xmax")) / 2).round(5),
        ((box.field("ymin") + box.field("ymax")) / 2).round(5),
    ).fill_null("")
    wanted = pl.col(ID).is_in([f"{number:016x}" for number in ids])
    chosen = frame.filter(wanted).select(ID, *names, place.alias("place"))
    return chosen.collect(engine="streaming").unique(ID, keep="first").sort(ID)


def _rows(frame: pl.LazyFrame, ids: list[int], names: list[str]) -> list[Mapping[str, str]]:
    return [{name: value for name, value in row.items() if value} for row in _found(frame, ids, names).to_dicts()]


def _changed(before: pl.LazyFrame, after: pl.LazyFrame, ids: list[int], names: list[str]) -> list[ChangedRow]:
    pairs = zip(_found(before, ids, names).to_dicts(), _found(after, ids, names).to_dicts(), strict=True)
    return [
        ChangedRow(old[ID], {name: (old[name], new[name]) for name in (*names, "place") if old[name] != new[name]})
        for old, new in pairs
    ]
