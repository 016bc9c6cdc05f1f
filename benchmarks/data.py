"""Made-up data of any size, in the formats that sources have; kept in `build/bench` for the next time."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyogrio.raw
import shapely
from pyproj import Transformer

SEED = 20260801
BLOCK = 200_000
METRES = "EPSG:25833"
SPREAD = 40_000
ORIGIN = (400_000, 5_700_000)
PER_STREET = 120
ESRI_PAGE = 1_000
DIRECTIONS = np.array(["", "", "", "N", "S", "E", "W"])
TYPES = np.array(["Street", "Avenue", "Road", "Lane", "Court", "Drive"])
NAMES = np.array(
    ["Maple", "Oak", "Cedar", "Pine", "Elm", "Walnut", "Mill", "Church", "Station", "Lake", "Hill", "Main"]
)
CITIES = np.array(["Windmere", "Easthaven", "Łódź-Nowa", "Saint-Rémy", "Oldbridge", "Ferrytown", "Kirkby", "Högby"])


def table(rows: int) -> pl.DataFrame:
    """Address rows as a publisher keeps them: fifteen columns, of which a source needs a few."""
    random = np.random.default_rng(SEED)
    street = np.arange(rows) // PER_STREET
    numbers = pl.Series(random.integers(1, 9_999, rows)).cast(pl.String)
    named = NAMES[street % len(NAMES)] + " " + (street % 97 + 1).astype(str)
    frame = pl.DataFrame(
        {
            "OBJECTID": np.arange(1, rows + 1),
            "PIN": [f"{row:010}" for row in random.integers(0, 10**10, rows)],
            "HOUSENO": numbers,
            "PREDIR": DIRECTIONS[street % len(DIRECTIONS)],
            "STNAME": named,
            "STTYPE": TYPES[street % len(TYPES)],
            "UNIT": np.where(random.random(rows) < 0.1, "Apt " + random.integers(1, 60, rows).astype(str), ""),
            "CITY": CITIES[street // 40 % len(CITIES)],
            "ZIP": (10_000 + street // 200 % 80_000).astype(str),
            "OWNER": NAMES[random.integers(0, len(NAMES), rows)],
            "LANDUSE": random.integers(100, 999, rows).astype(np.int32),
            "ASSESSED": random.random(rows) * 1e6,
            "UPDATED": np.full(rows, "2026-08-01"),
            "X": (ORIGIN[0] + random.random(rows) * SPREAD).round(3),
            "Y": (ORIGIN[1] + random.random(rows) * SPREAD).round(3),
        }
    )
    full = pl.concat_str("HOUSENO", "PREDIR", "STNAME", "STTYPE", "UNIT", separator=" ")
    return frame.with_columns(FULLADDR=full.str.replace_all(r"\s+", " ").str.strip_chars())


def make(kind: str, rows: int, folder: Path) -> None:
    """One kind of data as `folder/<kind>-<rows>/`; made when it is not there yet."""
    target = folder / f"{kind}-{rows}"
    done = target / ".done"
    if not done.exists():
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        MAKERS[kind](table(rows), target)
        done.touch()


def degrees(frame: pl.DataFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitudes and latitudes of the rows."""
    transformer = Transformer.from_crs(METRES, "EPSG:4326", always_xy=True)
    lon, lat = transformer.transform(frame["X"].to_numpy(), frame["Y"].to_numpy())
    return np.round(lon, 7), np.round(lat, 7)


def _csv_metres(frame: pl.DataFrame, folder: Path) -> None:
    frame.write_csv(folder / "data.csv")


def _csv_degrees(frame: pl.DataFrame, folder: Path) -> None:
    lon, lat = degrees(frame)
    frame.drop("X", "Y").with_columns(LON=lon, LAT=lat).write_csv(folder / "data.csv")


def _vector(name: str, driver: str, *, areas: bool = False) -> Callable[[pl.DataFrame, Path], None]:
    def write(frame: pl.DataFrame, folder: Path) -> None:
        x, y = frame["X"].to_numpy(), frame["Y"].to_numpy()
        shapes = shapely.box(x - 12, y - 18, x + 12, y + 18) if areas else shapely.points(x, y)
        columns = frame.drop("X", "Y", "OBJECTID").to_arrow(compat_level=pl.CompatLevel.oldest())
        pyogrio.raw.write_arrow(
            columns.append_column("geometry", pa.array(shapely.to_wkb(shapes), pa.binary())),
            str(folder / name),
            layer="addresses",
            driver=driver,
            geometry_name="geometry",
            geometry_type="Polygon" if areas else "Point",
            crs=METRES,
            encoding="UTF-8",
        )

    return write


def _geojson(frame: pl.DataFrame, folder: Path) -> None:
    with (folder / "data.geojson").open("w", encoding="utf-8") as file:
        file.write('{"type":"FeatureCollection","features":[\n')
        for row, (properties, lon, lat) in enumerate(_rows(frame)):
            geometry = {"type": "Point", "coordinates": [lon, lat]}
            feature = {"type": "Feature", "properties": properties, "geometry": geometry}
            file.write(("" if row == 0 else ",\n") + json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
        file.write("\n]}\n")


def _esri(frame: pl.DataFrame, folder: Path) -> None:
    for number, part in enumerate(frame.iter_slices(ESRI_PAGE), 1):
        found = [{"attributes": properties, "geometry": {"x": lon, "y": lat}} for properties, lon, lat in _rows(part)]
        page = {"objectIdFieldName": "OBJECTID", "geometryType": "esriGeometryPoint", "features": found}
        (folder / f"page-{number:06}.json").write_text(json.dumps(page, ensure_ascii=False), encoding="utf-8")


def _rows(frame: pl.DataFrame) -> Iterator[tuple[dict[str, object], float, float]]:
    """Properties, longitude and latitude of each row."""
    for part in frame.iter_slices(BLOCK):
        lon, lat = degrees(part)
        yield from zip(part.drop("X", "Y").iter_rows(named=True), lon.tolist(), lat.tolist(), strict=True)


MAKERS: dict[str, Callable[[pl.DataFrame, Path], None]] = {
    "csv-metres": _csv_metres,
    "csv-degrees": _csv_degrees,
    "gpkg": _vector("data.gpkg", "GPKG"),
    "gdb": _vector("data.gdb", "OpenFileGDB"),
    "shp-points": _vector("data.shp", "ESRI Shapefile"),
    "shp-areas": _vector("data.shp", "ESRI Shapefile", areas=True),
    "geojson": _geojson,
    "esri": _esri,
    "gml": _vector("data.gml", "GML"),
}
