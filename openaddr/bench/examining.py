"""What the bench finds out, in a child without network: every table in the files, and a conform for each."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from openaddr.bench.candidates import Candidate, candidates, others
from openaddr.bench.columns import Column
from openaddr.bench.fields import WIDEST, columns_of, fields_of
from openaddr.bench.reading import unpacked
from openaddr.bench.records import Choice, Examined, Fetched, Found, Suggested, Wish
from openaddr.bench.suggest import choices_for, coordinates, suggest
from openaddr.bench.whereabouts import Whereabouts, of_layer, of_table
from openaddr.conform.first_rows import first_batches
from openaddr.conform.readers.dataset import Batch, Dataset, Points
from openaddr.conform.readers.opening import open_dataset, root_of
from openaddr.download.kinds import Kind, kind_of
from openaddr.download.store import HEAD
from openaddr.errors import ROW_REASONS, Code, Problem, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import Conform, LayerSource
from openaddr.stages import Progress, RowAccount

MOST = 30
"""Tables that are looked into."""
OTHERS_SHOWN = 100
SECONDS, SECONDS_EACH = 60.0, 10.0
"""How long tables are counted, all together and each."""
SURE = ("shapefile", "gdb", "gpkg")
"""Formats that a file is known to have by its name; others may only be called alike."""
COMPRESSIONS = {Kind.ZIP: "zip", Kind.GZIP: "gzip"}


def examine(
    entry: LayerSource, fetched: Fetched, folder: Path, settings: Settings, wish: Wish, *, progress: Progress
) -> Examined:
    """Look into everything that was fetched. Raises ProblemError when nothing of it can be read as data."""
    files = unpacked(entry, fetched, None, folder)
    if fetched.layer is not None:
        plain = Candidate(fetched.layer.name, Conform("geojson", ()), True)
        return Examined((_Look(entry, fetched, files, wish).table(plain),))
    archived = folder / "unpacked"
    root = archived if files[0].is_relative_to(archived) else root_of(files)
    listed = candidates(files, root)
    look = _Look(entry, fetched, files, wish)
    tables = []
    for number, candidate in enumerate(listed[:MOST], start=1):
        tables.append(look.table(candidate))
        progress("explore", number, len(listed), "tables")
    good = [table for table in tables if table.problem is None or table.format in SURE]
    names = others(files, root, [each for each, table in zip(listed, tables, strict=False) if table in good])
    if not any(table.problem is None for table in tables):
        raise _unreadable(tables, names)
    return Examined(tuple(good), tuple(names[:OTHERS_SHOWN]), _compression(fetched.files[0]))


def _unreadable(tables: list[Found], names: list[str]) -> ProblemError:
    """The problem of the first table, or that there is none."""
    problem = next((table.problem for table in tables if table.problem is not None), None)
    if problem is not None:
        return ProblemError(problem.code, problem.message, hint=problem.hint)
    listed = ", ".join(names[:10]) or "nothing"
    return ProblemError(
        Code.DATA_UNREADABLE, f"There is no table of features among the {len(names):,} files: {listed}."
    )


def _compression(path: Path) -> str | None:
    with path.open("rb") as file:
        return COMPRESSIONS.get(kind_of(file.read(HEAD)))


class _Look:
    """One look at the tables of a download."""

    def __init__(self, entry: LayerSource, fetched: Fetched, files: tuple[Path, ...], wish: Wish) -> None:
        self._entry = entry
        self._fetched = fetched
        self._files = files
        self._wish = wish
        self._ends = time.monotonic() + SECONDS

    def table(self, candidate: Candidate) -> Found:
        """What is known of one table, at least why it cannot be read."""
        conform = candidate.conform
        known = Found(candidate.name, str(conform.layer or ""), conform.format)
        try:
            dataset = open_dataset(replace(self._entry, conform=conform), self._files, self._fetched.columns)
            account = RowAccount()
            columns, is_cut = dataset.columns[:WIDEST], self._fetched.is_cut
            batches = first_batches(dataset, columns, self._wish.rows, account, is_cut=is_cut)
        except ProblemError as error:
            return replace(known, problem=error.problem)
        if not sum(len(batch.rows) for batch in batches):
            return replace(known, problem=Problem(Code.NO_ROWS, _none_of(account)))
        return self._described(candidate, known, dataset, batches)

    def _described(self, candidate: Candidate, known: Found, dataset: Dataset, batches: list[Batch]) -> Found:
        layer, conform = self._fetched.layer, candidate.conform
        declared = {field.name: field for field in layer.fields} if layer else {}
        shapes = [name for name, field in declared.items() if field.type == "Geometry"]
        frame = pl.concat([batch.frame for batch in batches]).drop(shapes, strict=False)
        columns = columns_of(frame, declared)
        place = coordinates(columns) if conform.format == "csv" else ()
        where = self._where(dataset, batches, place)
        geometry = _kind(batches) or (layer.geometry if layer else "")
        title = f"{candidate.name} {known.layer}"
        return replace(
            known,
            geometry=geometry,
            rows=where.rows,
            is_estimate=where.is_estimate,
            looked_at=sum(len(batch.rows) for batch in batches),
            crs=where.crs,
            encoding=conform.encoding,
            delimiter=conform.csvsplit if conform.format == "csv" else None,
            bounds=where.bounds,
            center=where.center,
            fields=fields_of(frame, declared),
            suggestions=tuple(self._suggestions(columns, candidate, where, place, geometry, title)),
        )

    def _where(self, dataset: Dataset, batches: list[Batch], place: Sequence[Choice]) -> Whereabouts:
        if self._fetched.layer is not None:
            return of_layer(self._fetched.layer, batches)
        seconds = min(SECONDS_EACH, max(0.0, self._ends - time.monotonic()))
        lon_lat = tuple(choice.rule for choice in place)
        return of_table(dataset, batches, lon_lat, self._fetched, self._wish.country, seconds)

    def _suggestions(
        self,
        columns: Sequence[Column],
        candidate: Candidate,
        where: Whereabouts,
        place: Sequence[Choice],
        geometry: str,
        title: str,
    ) -> Iterator[Suggested]:
        """A conform for each layer that the table may be, or for the one that is wished for."""
        taken = {name for choice in place for name in choice.columns}
        free = [column for column in columns if column.name not in taken]
        wanted = self._wish.layer
        found = {wanted: choices_for(wanted, free)} if wanted else suggest(free, geometry, title)
        for layer, choices in found.items():
            conform = _reading(candidate, where) | {choice.attribute: choice.rule for choice in (*choices, *place)}
            yield Suggested(layer.value, conform, (*choices, *place), tuple(_notes(conform, where)))


def _none_of(account: RowAccount) -> str:
    if not account.received:
        return "The data was read to its end and has 0 rows."
    reason, count = account.rejected.most_common(1)[0]
    return f"None of {account.received:,} rows can be used: of {count:,} {ROW_REASONS[reason]}."


def _kind(batches: list[Batch]) -> str:
    """The kind of geometry that most rows have, '' when none has any."""
    kinds: Counter[str] = Counter()
    for batch in batches:
        if isinstance(batch.geometry, Points):
            kinds["Point"] += int(np.isfinite(batch.geometry.x).sum())
        elif batch.geometry is not None:
            kinds.update(shape.geom_type for shape in batch.geometry.values if shape is not None)
    return kinds.most_common(1)[0][0] if kinds.total() else ""


def _reading(candidate: Candidate, where: Whereabouts) -> dict[str, Any]:
    """The members of a conform that say how the data is read, as far as they have to be said."""
    conform = candidate.conform
    members: dict[str, Any] = {
        "format": conform.format,
        "file": None if candidate.is_only else conform.file,
        "layer": conform.layer,
        "encoding": conform.encoding,
        "csvsplit": None if conform.csvsplit == "," else conform.csvsplit,
        "headers": conform.headers,
        "srs": where.srs,
    }
    return {name: value for name, value in members.items() if value is not None}


def _notes(conform: dict[str, Any], where: Whereabouts) -> Iterator[str]:
    """What somebody who knows the data has to find out."""
    if conform["format"] == "csv" and "lon" not in conform:
        yield "No columns look like coordinates; a CSV needs `lon` and `lat`."
    elif where.crs is None:
        yield "The coordinates are no degrees and nobody says what they are: find out, and name it as `srs`."
