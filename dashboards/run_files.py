"""What the files of a run are called and what they are for, and the first rows among them."""

from dataclasses import dataclass, field

KINDS = {
    "csv_zip": ("CSV", "Zipped CSV with the columns of old, README and licence"),
    "geoparquet": ("GeoParquet", "For DuckDB, GDAL and geopandas; sorted by place, so a part can be read over HTTP"),
    "geojsonl": ("GeoJSON lines", "One feature a line, gzipped"),
    "pmtiles": ("PMTiles", "Vector tiles in one file, for maps"),
    "preview": ("Preview", "Picture of where the rows are"),
    "sample": ("Sample", "The first rows, as JSON"),
    "manifest": ("Manifest", "All of this, for programs"),
}
"""Name and use of each kind of file, in the order of use."""
MOST_BYTES = 5_000_000
"""Of a file of JSON that pages read."""
MOST_LOG_BYTES = 400_000
LOG_LINES = 40


@dataclass(frozen=True)
class Sample:
    """The first rows of a run. `fault` says what is wrong, '' when nothing is."""

    columns: list[str] = field(default_factory=list)
    rows: list[list[str | float | None]] = field(default_factory=list)
    fault: str = ""
