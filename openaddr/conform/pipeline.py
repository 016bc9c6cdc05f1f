"""The conform stage: the publisher's files in, one extract out, batch by batch in one pass."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from openaddr.conform import geometry as geo
from openaddr.conform.expressions import Columns
from openaddr.conform.functions import TIMED_OUT, TOO_LONG
from openaddr.conform.located import Rows, fill, missing
from openaddr.conform.plan import Plan, compile_plan, find_column
from openaddr.conform.readers.dataset import Batch, Dataset, Geometry, Mask, Points, Shapes
from openaddr.conform.readers.opening import open_dataset
from openaddr.conform.rows import canonical, hashes
from openaddr.errors import ROW_REASONS, Code, ProblemError, RowReason
from openaddr.extract import ExtractWriter
from openaddr.settings import Settings
from openaddr.source.model import Conform, LayerSource
from openaddr.source.rules import columns_of
from openaddr.stages import Bounds, Extract, GeometryKind, Layer, Progress, RowAccount, silent

WGS84 = "EPSG:4326"


def conform(
    entry: LayerSource,
    source_id: str,
    files: tuple[Path, ...],
    folder: Path,
    *,
    columns: tuple[str, ...] = (),
    settings: Settings | None = None,
    progress: Progress = silent,
    account: RowAccount | None = None,
    within: Bounds | None = None,
) -> Extract:
    """Conform all rows of one layer source into `folder/extract.arrow`.

    `files` are the unpacked files of the download, `columns` the field names that an ESRI layer announced; `account`
    is filled while rows are read; rows outside of `within` are counted and kept. Raises ProblemError when nothing can
    be read, nothing is left, or too large a share of the rows is bad.
    """
    settings, account = settings or Settings(), RowAccount() if account is None else account
    dataset, run = prepare(entry, source_id, files, columns, settings, account)
    plan = run.plan
    kind = GeometryKind.POINT if entry.layer is Layer.ADDRESSES else GeometryKind.ANY
    path = folder / "extract.arrow"
    with ExtractWriter(path, entry.layer, kind, within) as writer:
        for batch in dataset.batches(plan.needed, account):
            writer.write(run.conform_batch(batch))
            progress("conform", account.received, _expected(account, dataset), "rows")
    _check_account(account, settings)
    found = (plan.numeric, account, plan.warnings, writer.fills, writer.misplaced)
    return Extract(path, entry.layer, kind, writer.rows, writer.bounds, *found)


def prepare(
    entry: LayerSource,
    source_id: str,
    files: tuple[Path, ...],
    columns: tuple[str, ...],
    settings: Settings,
    account: RowAccount,
) -> tuple[Dataset, "Conforming"]:
    """Open the data, and fit the conform to it. Raises ProblemError."""
    if entry.conform is None:
        raise ProblemError(Code.CONFORM_MISSING, "The source has no `conform`.", pointer=entry.pointer)
    dataset = open_dataset(entry, files, columns)
    rules = _with_usable_coordinates(entry.conform, entry, dataset)
    plan = compile_plan(rules, entry.layer, dataset.columns, f"{entry.pointer}/conform", settings.regexp_seconds)
    identity = f"{source_id}|{entry.layer}|{entry.name}"
    return dataset, Conforming(plan, identity, entry.protocol, _data_crs(entry, dataset), account)


def _expected(account: RowAccount, dataset: Dataset) -> int | None:
    """About how many rows there will be."""
    return round(account.received / dataset.share) if dataset.share else None


def _with_usable_coordinates(rules: Conform, entry: LayerSource, dataset: Dataset) -> Conform:
    """`lon` and `lat` count where the format has no geometry; on ESRI rows only as a fallback, if the columns exist."""
    if entry.protocol != "ESRI":
        if rules.format != "csv":
            return replace(rules, lon=None, lat=None)
        if rules.lon is None or rules.lat is None:
            message = f"A {rules.format} file needs `lon` and `lat`; its columns are {', '.join(dataset.columns[:20])}."
            raise ProblemError(Code.COORDINATES_NOT_MAPPED, message, pointer=f"{entry.pointer}/conform")
        return rules
    named = [name for rule in (rules.lon, rules.lat) if rule is not None for name in columns_of(rule)]
    known = all(find_column(name, dataset.columns) for name in named)
    return rules if named and known else replace(rules, lon=None, lat=None)


def _data_crs(entry: LayerSource, dataset: Dataset) -> str:
    """The coordinate system of the data: what the source says, else what the data says, else a problem.

    ESRI servers are asked for longitude and latitude, so the `srs` of the source does not apply; GeoJSON has them by
    its standard unless the file itself says otherwise.
    """
    rules, place = entry.conform, f"{entry.pointer}/conform/srs"
    if rules is None or entry.protocol == "ESRI" or rules.format == "geojson":
        return geo.check_crs(dataset.crs or WGS84, place)
    given = rules.srs or dataset.crs or (WGS84 if rules.format == "csv" else None)
    if given is None:
        raise ProblemError(
            Code.CRS_MISSING, "Neither the data nor the source says in which coordinate system it is.", pointer=place
        )
    return geo.check_crs(given, place)


@dataclass(frozen=True)
class Conforming:
    """What stays the same over the batches of one run, and the account, which grows."""

    plan: Plan
    identity: str
    protocol: str
    crs: str
    account: RowAccount

    def conform_batch(self, batch: Batch) -> pl.DataFrame:
        """One batch, from columns of the data to rows of the extract."""
        columns = Columns(batch.frame)
        attributes = self.plan.apply(columns)
        geometry, unparsable, show = self._geometry(batch, columns)
        rows = Rows(attributes, geometry, batch.rows)
        rows = rows.reject(unparsable, RowReason.COORDINATES_UNPARSABLE, self.account, show)
        if columns.spoilt:
            rows = self._reject_spoilt(rows)
        if self.protocol == "ESRI":
            rows = rows.reject(missing(rows.geometry), RowReason.GEOMETRY_MISSING, self.account)
        rows = self._located_on_earth(rows)
        self.account.kept += len(rows.numbers)
        return self._finished(rows)

    def _geometry(self, batch: Batch, columns: Columns) -> tuple[Geometry, Mask, Callable[[int], str] | None]:
        """The geometry of the data or of `lon` and `lat`, the rows where these are no numbers, and what they say."""
        own = batch.geometry
        gaps = np.ones(columns.height, np.bool_) if own is None else missing(own)
        if self.plan.lon is None or self.plan.lat is None or not gaps.any():
            return own or Points(*np.full((2, columns.height), np.nan)), np.zeros(columns.height, np.bool_), None
        lon, lat = self.plan.lon(columns), self.plan.lat(columns)
        points, bad = geo.points_from_text(lon, lat)
        geometry = points if own is None else fill(own, points, gaps)
        return geometry, bad & gaps, lambda row: f"lon {lon[row]!r}, lat {lat[row]!r}"

    def _reject_spoilt(self, rows: Rows) -> Rows:
        for mark, reason in ((TOO_LONG, RowReason.VALUE_TOO_LONG), (TIMED_OUT, RowReason.FUNCTION_TIMED_OUT)):
            marked = rows.attributes.select(pl.any_horizontal(pl.all().str.contains(mark, literal=True))).to_series()
            rows = rows.reject(marked.to_numpy(), reason, self.account, partial(_spoilt, rows.attributes, mark))
        return rows

    def _located_on_earth(self, rows: Rows) -> Rows:
        """Longitude and latitude; for addresses one point inside each shape; all rounded to 7 places."""
        geometry, outside = geo.to_wgs84(rows.geometry, self.crs)
        rows = replace(rows, geometry=geometry).reject(outside, RowReason.COORDINATES_OUTSIDE_CRS, self.account)
        if self.plan.layer is Layer.ADDRESSES and isinstance(rows.geometry, Shapes):
            points, broken = geo.to_points(rows.geometry)
            rows = replace(rows, geometry=points).reject(broken, RowReason.GEOMETRY_BROKEN, self.account)
        if isinstance(rows.geometry, Points):
            return replace(rows, geometry=Points(geo.round7(rows.geometry.x), geo.round7(rows.geometry.y)))
        return replace(rows, geometry=geo.round_shapes(rows.geometry))

    def _finished(self, rows: Rows) -> pl.DataFrame:
        layer = self.plan.layer
        attributes = canonical(rows.attributes, layer)
        ids = hashes(attributes, rows.geometry, layer, self.identity)
        return pl.DataFrame([ids, *attributes.get_columns(), *_geometry_columns(rows.geometry, layer)])


def _spoilt(attributes: pl.DataFrame, mark: str, row: int) -> str:
    """The attributes of a row whose values are no more than a mark."""
    return ", ".join(name for name, value in attributes.row(row, named=True).items() if mark in value)


def _geometry_columns(geometry: Geometry, layer: Layer) -> list[pl.Series]:
    if layer is Layer.ADDRESSES and isinstance(geometry, Points):
        return [pl.Series("lon", geometry.x, nan_to_null=True), pl.Series("lat", geometry.y, nan_to_null=True)]
    return [geo.wkb(geometry).alias("geometry")]


def _check_account(account: RowAccount, settings: Settings) -> None:
    """Raise ProblemError when nothing is left, or when more rows are bad than the settings allow."""
    if not account.received:
        raise ProblemError(Code.NO_ROWS, "The data was read to its end and has 0 rows.")
    # A feature without geometry is the publisher's choice, not a sign that the source is read wrongly.
    bad = account.rejected_total - account.rejected[RowReason.GEOMETRY_MISSING]
    if not account.kept and not bad:
        raise ProblemError(Code.NO_ROWS, f"None of the {account.received:,} rows of the data has a geometry.")
    if account.kept and bad <= settings.max_rejected_share * account.received:
        return
    reason, count = account.rejected.most_common(1)[0]
    example = next((f" Row {item.row:,}: {item.value}." for item in account.examples if item.reason == reason), "")
    code = Code.ENCODING if reason is RowReason.ROW_ENCODING else Code.ROWS_REJECTED
    raise ProblemError(
        code,
        f"{account.rejected_total:,} of {account.received:,} rows were rejected "
        f"({settings.max_rejected_share:.0%} are allowed), {count:,} because {ROW_REASONS[reason]}.{example}",
    )
