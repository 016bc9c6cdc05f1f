"""`sample.json`: the first rows, small enough to read."""

import json
from pathlib import Path

import polars as pl
import shapely

from openaddr.extract import text_columns
from openaddr.outputs.batch import Batch
from openaddr.stages import Extract, Output

ROWS = 5


class Sample:
    """Keeps the first five rows: hash, attributes, and a point of each row as lon and lat."""

    KIND = "sample"
    NAME = "sample.json"
    MEDIA_TYPE = "application/json"

    def __init__(self, extract: Extract, folder: Path) -> None:
        self._path = folder / self.NAME
        self._columns = [*text_columns(extract.layer), "lon", "lat"]
        self._rows: list[list[str | float | None]] = []

    def feed(self, batch: Batch) -> None:
        """Take rows until there are enough."""
        wanted = ROWS - len(self._rows)
        if wanted > 0:
            self._rows += map(list, _with_point(batch.frame.head(wanted)).select(self._columns).rows())

    def finish(self) -> Output:
        """Write the file, a row a line."""
        rows = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in self._rows)
        columns = json.dumps(self._columns)
        self._path.write_text(f'{{\n  "columns": {columns},\n  "rows": [\n{rows}\n  ]\n}}\n', encoding="utf-8")
        return Output(self.KIND, self._path, self.MEDIA_TYPE, len(self._rows))

    def close(self) -> None:
        """Nothing is open."""


def _with_point(frame: pl.DataFrame) -> pl.DataFrame:
    if "lon" in frame.columns:
        return frame
    points = shapely.point_on_surface(shapely.from_wkb(frame["geometry"].to_numpy()))
    return frame.with_columns(
        pl.Series("lon", shapely.get_x(points), nan_to_null=True).round(7),
        pl.Series("lat", shapely.get_y(points), nan_to_null=True).round(7),
    )
