"""Writes a table of the town in the formats that publishers use. Nothing but code is kept; the files are made anew."""

import csv
import gzip
import io
import json
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyogrio.raw
import shapely

from demo.town import Table

MADE = (2026, 8, 1, 12, 0, 0)


def csv_text(header: Iterable[str], rows: Iterable[Iterable[object]], separator: str = ",") -> str:
    """A delimited text with CRLF; an empty header is left out."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator)
    if names := list(header):
        writer.writerow(names)
    writer.writerows(rows)
    return buffer.getvalue()


def write_gzip(text: bytes, path: Path) -> None:
    """A gzip file without a time in it."""
    path.write_bytes(gzip.compress(text, mtime=0))


def write_zip(members: Iterable[Path], root: Path, path: Path) -> None:
    """A zip of files, named from `root` on."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in sorted(members):
            archive.writestr(zipfile.ZipInfo(str(member.relative_to(root)), MADE), member.read_bytes())


def features(table: Table) -> list[dict[str, object]]:
    """The rows as GeoJSON features; the table has to be in degrees."""
    names = list(table.columns)
    return [
        {
            "type": "Feature",
            "properties": dict(zip(names, row, strict=True)),
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for row, shape in zip(table.rows(), table.geometry, strict=True)
    ]


def geojson(table: Table) -> bytes:
    """A FeatureCollection."""
    return json.dumps({"type": "FeatureCollection", "features": features(table)}, ensure_ascii=False).encode()


def geojson_lines(table: Table) -> bytes:
    """One feature on each line."""
    return "".join(json.dumps(feature, ensure_ascii=False) + "\n" for feature in features(table)).encode()


def write_vector(table: Table, path: Path, driver: str, layer: str, **options: str) -> None:
    """One layer by GDAL; a second call with another layer adds it to the file."""
    pyogrio.raw.write(
        str(path),
        geometry=shapely.to_wkb(table.geometry),
        field_data=[
            np.array(values, object if isinstance(values[0], str) else np.int32) for values in table.columns.values()
        ],
        fields=list(table.columns),
        geometry_type=table.geometry[0].geom_type,
        crs=table.crs,
        driver=driver,
        layer=layer,
        append=False,
        encoding="UTF-8",
        **options,
    )


def write_zipped_vector(table: Table, path: Path, driver: str, name: str) -> None:
    """The files of a dataset that consists of several (shapefile, geodatabase) in one zip beside it."""
    folder = path.with_suffix("")
    folder.mkdir()
    write_vector(table, folder / name, driver, Path(name).stem)
    write_zip((file for file in folder.rglob("*") if file.is_file()), folder, path)
    shutil.rmtree(folder)
