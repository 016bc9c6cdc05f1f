"""How many rows of a source are in each square of a tenth of a degree: a table, and how OGR opens it as a map."""

import html
from collections.abc import Sequence

from openaddr.collecting.checking import Square


def summary(squares: Sequence[Square]) -> bytes:
    """`count,lon,lat,area`; the area begins in the south-west and goes by way of the north-west."""
    lines = ["count,lon,lat,area"]
    lines += [f'{count},{lon / 10:.1f},{lat / 10:.1f},"{_area(lon, lat)}"' for lon, lat, count in squares]
    return ("\r\n".join(lines) + "\r\n").encode()


def _area(lon: int, lat: int) -> str:
    corners = ((lon, lat), (lon, lat + 1), (lon + 1, lat + 1), (lon + 1, lat), (lon, lat))
    return f"POLYGON(({', '.join(f'{x / 10:.1f} {y / 10:.1f}' for x, y in corners)}))"


def rows_of(content: bytes) -> int:
    """How many rows a summary counts. Raises ValueError."""
    return sum(int(line.partition(b",")[0]) for line in content.splitlines()[1:])


def summary_vrt(name: str) -> bytes:
    """How OGR opens `<name>.csv` as polygons."""
    name = html.escape(name)
    return (
        "<OGRVRTDataSource>\n"
        f'  <OGRVRTLayer name="{name}">\n'
        f'    <SrcDataSource relativeToVRT="1">{name}.csv</SrcDataSource>\n'
        f"    <SrcLayer>{name}</SrcLayer>\n"
        "    <GeometryType>wkbPolygon</GeometryType>\n"
        "    <LayerSRS>EPSG:4326</LayerSRS>\n"
        '    <GeometryField encoding="WKT" field="area"/>\n'
        "  </OGRVRTLayer>\n"
        "</OGRVRTDataSource>\n"
    ).encode()
