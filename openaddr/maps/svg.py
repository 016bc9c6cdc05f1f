"""A map as SVG: light and dark by itself, patterns and words beside colours, nothing loaded from elsewhere."""

from collections.abc import Iterator
from html import escape

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from openaddr.maps.areas import Standing
from openaddr.maps.picture import Picture
from openaddr.maps.views import LEGEND

MEDIA_TYPE = "image/svg+xml"
FINE = 10
"""Units of the picture in a pixel: whole numbers are short."""
SWATCH = 26
FILLS: dict[str, str] = {Standing.GOOD: "#2f7d4f", Standing.FAILING: "url(#stripes)", "unknown": "#e2e7e6"}
DARK = (
    "@media(prefers-color-scheme:dark){.paper{fill:#111716}.unknown{fill:#33403d}.good{fill:#4aa973}"
    ".failing{fill:url(#stripes-dark)}.borders{stroke:#111716}text{fill:#e6ecea}.key{stroke:#9dada8}}"
)
STYLE = (
    ".paper{fill:#fff}.unknown{fill:#e2e7e6}.good{fill:#2f7d4f}.failing{fill:url(#stripes)}"
    ".borders{fill:none;stroke:#fff}text{fill:#17211f}.key{stroke:#56635f}"
)


def svg(picture: Picture) -> bytes:
    """The file. Where styles are forbidden, attributes give the light one."""
    width, height = picture.width, picture.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width * FINE} {height * FINE}" font-family="system-ui,sans-serif">',
        f"<title>{escape(picture.label)}</title><style>{STYLE}{DARK}</style><defs>",
        _stripes("stripes", "#fbe3d3", "#c2410c"),
        _stripes("stripes-dark", "#3b2418", "#f59e5b"),
        f'</defs><path class="paper" fill="#fff" d="M0 0h{width * FINE}v{height * FINE}H0z"/>',
        f'<path class="unknown" fill="#e2e7e6" d="{_outline(picture.land)}"/>',
        *(f'<path class="{standing}" {_fill(standing)} d="{_outline(shape)}"/>' for standing, shape in picture.areas),
        f'<path class="borders" fill="none" stroke="#fff" stroke-width="6" d="{_outline(picture.borders)}"/>',
        *_legend(picture),
        "</svg>\n",
    ]
    return "\n".join(parts).encode()


def _fill(kind: str) -> str:
    """The light colour of a kind, as an attribute."""
    return f'fill="{FILLS[kind]}"'


def _stripes(name: str, below: str, above: str) -> str:
    return (
        f'<pattern id="{name}" width="60" height="60" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<path fill="{below}" d="M0 0h60v60H0z"/><path fill="{above}" d="M0 0h28v60H0z"/></pattern>'
    )


def _outline(shape: BaseGeometry) -> str:
    """Rings and lines as steps in whole units."""
    return "".join(map(_steps, _lines(shape)))


def _lines(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            yield from shapely.get_rings(part)
        elif part.geom_type in ("LineString", "LinearRing"):
            yield part


def _steps(line: BaseGeometry) -> str:
    points = np.rint(shapely.get_coordinates(line) * FINE).astype(int)
    moved = np.r_[True, (np.diff(points, axis=0) != 0).any(axis=1)]
    points = points[moved]
    if len(points) < 2:
        return ""
    steps = " ".join(f"{x} {y}" for x, y in np.diff(points, axis=0).tolist()).replace(" -", "-")
    return f"M{points[0][0]} {points[0][1]}l{steps}{'z' if line.is_closed else ''}"


def _legend(picture: Picture) -> Iterator[str]:
    top = picture.height - LEGEND
    yield f'<text x="160" y="{(top + 28) * FINE}" font-size="170" font-weight="600">{escape(picture.title)}</text>'
    for place, entry in enumerate(picture.legend):
        x, y = 16 + place * 300, top + 44
        yield (
            f'<path class="{entry.kind} key" {_fill(entry.kind)} stroke="#56635f" stroke-width="8" '
            f'd="M{x * FINE} {y * FINE}h{SWATCH * FINE}v160h-{SWATCH * FINE}z"/>'
            f'<text x="{(x + SWATCH + 8) * FINE}" y="{(y + 14) * FINE}" font-size="150">{escape(entry.words)}</text>'
        )
