"""What the town publishes: every file that the bundled sources point at, and the layers of its map server."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely

from demo import formats, town
from demo.servers.esri import OID, Feature, Layer
from demo.servers.files import FileServer
from demo.servers.serving import Request, Response
from demo.town import DEGREES, Table

ACCESS = ("x-demo-access", "granted")
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Windmere GIS: please sign in</title></head><body></body></html>"


def publish_files(folder: Path) -> None:
    """Write all files for the web server into `folder`."""
    houses, degrees = town.addresses(), town.addresses().in_degrees()
    _write(folder / "csv/addresses.csv", _plain_csv(degrees).encode())
    _write(folder / "csv/adressen.csv", _german_csv(houses).encode("latin-1"))
    formats.write_gzip(_headless_csv(degrees).encode("cp1251"), _place(folder / "csv/adresa.txt.gz"))
    _write(folder / "json/addresses.geojson", formats.geojson(_with_parts(degrees)))
    _write(folder / "json/addresses.ndjson", formats.geojson_lines(_with_gaps(degrees)))
    _write(folder / "json/buildings.geojson", formats.geojson(town.buildings().in_degrees()))
    formats.write_zipped_vector(houses, _place(folder / "shp/addresses.zip"), "ESRI Shapefile", "addresses.shp")
    formats.write_zipped_vector(_lived_in(), _place(folder / "shp/plots.zip"), "ESRI Shapefile", "plots.shp")
    formats.write_zipped_vector(town.centerlines(), _place(folder / "gdb/roads.zip"), "OpenFileGDB", "roads.gdb")
    for name, table in (("addresses", houses), ("buildings", town.buildings()), ("parcels", town.parcels())):
        formats.write_vector(table, _place(folder / "gpkg/town.gpkg"), "GPKG", name)
    places, named = _labelled(degrees, "number", "street"), _labelled(houses, "street", "city")
    formats.write_vector(places, _place(folder / "xml/addresses.kml"), "LIBKML", "houses")
    formats.write_vector(named, _place(folder / "xml/addresses.gml"), "GML", "houses")
    _write_nested(folder / "shp/addresses.zip", folder / "zip/archive.zip")


def publish_ftp(folder: Path) -> None:
    """Write the file for the FTP server into `folder`, below a name with a blank."""
    _write(folder / "open data/addresses.csv", _plain_csv(town.addresses().in_degrees()).encode())


class TownServer(FileServer):
    """The files of the town, an export that wants a header, and a page that hides data behind a login."""

    def answer(self, request: Request) -> Response:
        """The special pages, else the files."""
        if request.path == "/export":
            return self._export(request)
        if request.path == "/members/addresses.csv":
            return Response(LOGIN_PAGE, headers={"Content-Type": "text/html; charset=utf-8"})
        return super().answer(request)

    def _export(self, request: Request) -> Response:
        if request.headers.get(ACCESS[0]) != ACCESS[1]:
            return Response(b"No access.\n", status=403, headers={"Content-Type": "text/plain"})
        body = _plain_csv(town.addresses().in_degrees()).encode()
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": 'attachment; filename="addresses.csv"',
        }
        return Response(body, headers=headers)


def esri_layers() -> dict[int, Layer]:
    """The same addresses in four layers, each readable in another way only, and the parcels."""
    houses = town.addresses().in_degrees()
    return {
        0: _layer("By offset", houses),
        1: _layer("By statistics", houses, pagination=False),
        2: _layer("By list of ids", houses, pagination=False, statistics=False),
        3: _layer("By geometry", houses, pagination=False, statistics=False, lists_ids=False),
        4: _layer("Parcels", town.parcels().in_degrees()),
    }


def _layer(
    name: str, table: Table, *, pagination: bool = True, statistics: bool = True, lists_ids: bool = True
) -> Layer:
    fields = {OID: "esriFieldTypeOID"} | dict.fromkeys(table.columns, "esriFieldTypeString")
    rows = tuple(
        Feature({OID: number, **dict(zip(table.columns, row, strict=True))}, _esri_geometry(shape))
        for number, (row, shape) in enumerate(zip(table.rows(), table.geometry, strict=True), 1)
    )
    return Layer(
        name,
        rows,
        fields,
        max_record_count=10,
        pagination=pagination,
        statistics=statistics,
        lists_ids=lists_ids,
    )


def _esri_geometry(shape: shapely.Geometry) -> dict[str, object]:
    """A point, or a polygon whose outer ring runs clockwise as ESRI wants it."""
    if isinstance(shape, shapely.Point):
        return {"x": shape.x, "y": shape.y}
    rings = json.loads(shapely.to_geojson(shapely.orient_polygons(shape, exterior_cw=True)))["coordinates"]
    return {"rings": rings}


def _plain_csv(table: Table) -> str:
    """Whole addresses in one column, and one row whose longitude is a word."""
    rows: list[tuple[object, ...]] = []
    for (key, number, street, unit, *_), point in zip(table.rows(), table.geometry, strict=True):
        rows.append((key, f"{number} {street} {unit}".strip(), point.x, point.y))
    rows.append(("W-9999", "99 Mill Lane", "unknown", 51.85))
    return formats.csv_text(("ID", "ADDRESS", "LONGITUDE", "LATITUDE"), rows)


def _german_csv(table: Table) -> str:
    """Two lines of preface, semicolons, metres with a decimal comma; only streets that Latin-1 can write."""
    kept = table.where(_encodable("latin-1"), "street")
    rows = [
        (street, number, unit, f"{postcode} {city}", _comma(point.x), _comma(point.y))
        for (_, number, street, unit, city, postcode), point in zip(kept.rows(), kept.geometry, strict=True)
    ]
    header = ("STRASSE", "HAUSNR", "ZUSATZ", "PLZ_ORT", "RECHTSWERT", "HOCHWERT")
    return "Adressen der Stadt Windmere\r\nStand: 1. August 2026\r\n" + formats.csv_text(header, rows, ";")


def _headless_csv(table: Table) -> str:
    """No header, bars between the values; only streets that Windows-1251 can write."""
    kept = table.where(_encodable("cp1251"), "street")
    rows = [
        (key, street, number, unit.removeprefix("Apt ") if isinstance(unit, str) else unit, point.x, point.y)
        for (key, number, street, unit, *_), point in zip(kept.rows(), kept.geometry, strict=True)
    ]
    return formats.csv_text((), rows, "|")


def _with_parts(table: Table) -> Table:
    """House number and street as the items of one list, the way some web exports have it."""
    parts = [f"{number}, {street}" for _, number, street, *_ in table.rows()]
    return Table(
        {"id": table.columns["id"], "parts": parts, "kind": ["roof", "gate", "plot"] * 14}, table.geometry, DEGREES
    )


def _with_gaps(table: Table) -> Table:
    """The street under either of two names."""
    local = [street if row % 2 else "" for row, street in enumerate(table.columns["street"])]
    postal = ["" if row % 2 else street for row, street in enumerate(table.columns["street"])]
    columns = {name: values for name, values in table.columns.items() if name != "street"}
    return Table({**columns, "street_local": local, "street_postal": postal}, table.geometry, DEGREES)


def _labelled(table: Table, first: str, second: str) -> Table:
    """The rows with a `label` of two columns in place of the street, and not `id`, which means something to KML."""
    pairs = zip(table.columns[first], table.columns[second], strict=True)
    own = {"key": table.columns["id"], "label": [f"{before} {after}" for before, after in pairs]}
    others = {name: values for name, values in table.columns.items() if name not in ("id", "street")}
    return Table({**own, **others}, table.geometry, table.crs)


def _lived_in() -> Table:
    """The parcels, without the hole, with the addresses on them."""
    houses, plots = town.addresses(), town.parcels()
    return Table({**plots.columns, **houses.columns}, np.asarray(shapely.convex_hull(plots.geometry)))


def _encodable(encoding: str) -> Callable[[str], bool]:
    return lambda text: text.encode(encoding, "ignore").decode(encoding) == text


def _comma(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def _write_nested(inner: Path, path: Path) -> None:
    with zipfile.ZipFile(_place(path), "w") as archive:
        archive.writestr(zipfile.ZipInfo("2026/readme.txt", formats.MADE), "The addresses are in the other archive.\n")
        archive.writestr(zipfile.ZipInfo("2026/addresses.zip", formats.MADE), inner.read_bytes())


def _write(path: Path, content: bytes) -> None:
    _place(path).write_bytes(content)


def _place(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
