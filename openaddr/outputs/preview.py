"""`preview.png`: where the rows of a run are, over land and borders, north up, Web Mercator."""

from collections.abc import Iterator
from math import floor, log10
from pathlib import Path

import numpy as np
import shapely
from PIL import Image, ImageDraw, ImageFont

from openaddr.extract import read_batches
from openaddr.outputs.batch import Batch, Floats
from openaddr.outputs.ink import Ink, outlines
from openaddr.outputs.land import BASEMAP, read_scenery
from openaddr.outputs.mercator import View, fit
from openaddr.stages import Extract, GeometryKind, Output

KIND = "preview"
NAME = "preview.png"
MEDIA_TYPE = "image/png"
WIDTH, HEIGHT = 1336, 900
FINE = 2
"""Everything is drawn this much larger and then reduced, which smooths the edges."""
SAMPLE_ROWS = 500_000
INSET = (260, 200)
INSET_GAP = 24
NARROW_METRES = 600_000
"""Views narrower than this get an inset, which shows a few thousand kilometres around them."""
INSET_SHARE = 0.08
"""Width of the inset as a share of the world."""

WATER, LAND, COAST, BORDER = (214, 228, 236), (250, 247, 241), (176, 196, 208), (188, 178, 164)
TEXT, HALO, HERE = (52, 64, 76), (255, 255, 255), (208, 76, 56)


def draw_preview(extract: Extract, folder: Path, basemap: Path = BASEMAP) -> Output | None:
    """Draw the rows of an extract; None when none has a geometry. Raises ProblemError BASEMAP_MISSING."""
    if extract.bounds is None:
        return None
    view = fit(*_places(extract), WIDTH, HEIGHT)
    picture = draw_land(view.scaled(FINE), basemap)
    rows = draw_rows(extract, view.scaled(FINE))
    picture.alpha_composite(rows)
    if view.metres * view.width < NARROW_METRES:
        _add_inset(picture, view, basemap, rows)
    picture = picture.reduce(FINE)
    _add_words(picture, view, f"{extract.rows:,} {extract.layer}")
    path = folder / NAME
    picture.convert("RGB").save(path)
    return Output(KIND, path, MEDIA_TYPE)


def _located(extract: Extract, step: int = 1) -> Iterator[Batch]:
    """Every `step`-th row of each batch, without the attributes; rows without geometry are left out."""
    columns = ("lon", "lat") if extract.geometry is GeometryKind.POINT else ("geometry",)
    for frame in read_batches(extract.path, columns):
        kept = frame.gather_every(step).drop_nulls()
        if kept.height:
            yield Batch(kept)


def _places(extract: Extract) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of all rows, or of every so-many-eth; of shapes the corners of their boxes."""
    boxes = [np.stack(batch.boxes) for batch in _located(extract, max(1, extract.rows // SAMPLE_ROWS))]
    west, south, east, north = np.concatenate(boxes, axis=1)
    there = ~np.isnan(west)
    return np.concatenate([west[there], east[there]]), np.concatenate([south[there], north[there]])


def draw_rows(extract: Extract, view: View) -> Image.Image:
    """The rows as ink on nothing, with a pen that suits how many places there are."""
    ink = Ink(view.width, view.height)
    for batch in _located(extract):
        if batch.has_points:
            ink.points(*view.pixels(batch.boxes[0], batch.boxes[1]))
        else:
            points, line = outlines(batch.shapes)
            ink.lines(np.column_stack(view.pixels(points[:, 0], points[:, 1])), line)
    if extract.geometry is GeometryKind.POINT:
        radius = min(max(7 * (max(ink.cells, 1) / 10) ** -0.2, 0.8), 6.0)
    else:
        radius = min(max(3 * extract.rows**-0.15, 0.6), 1.5)
    rim = 1.5 * FINE if radius > 2.2 and extract.geometry is GeometryKind.POINT else 0
    return Image.fromarray(ink.image(radius * FINE, rim), "RGBA")


def draw_land(view: View, basemap: Path) -> Image.Image:
    """Water, land and the borders between countries."""
    picture = Image.new("RGBA", (view.width, view.height), WATER)
    draw = ImageDraw.Draw(picture)
    west, south, east, north = view.degrees
    room = (east - west) * 0.02
    scenery = read_scenery((west - room, south - room, east + room, north + room), basemap)
    for polygon in scenery.land:
        draw.polygon(_corners(view, shapely.get_exterior_ring(polygon)), fill=LAND)
        for hole in shapely.get_rings(polygon)[1:]:
            draw.polygon(_corners(view, hole), fill=WATER)
    for line in scenery.borders:
        draw.line(_corners(view, line), fill=BORDER, width=3, joint="curve")
    return picture


def _corners(view: View, line: shapely.Geometry) -> list[tuple[float, float]]:
    points = shapely.get_coordinates(line)
    x, y = (points[:, 0] / 360 + 0.5 - view.left) / view.size, view.pixels(points[:, 0], points[:, 1])[1]
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _add_inset(picture: Image.Image, view: View, basemap: Path, rows: Image.Image) -> None:
    """A small map of the wider surroundings with the place of the view, in the upper corner with fewer rows."""
    width, height, gap = INSET[0] * FINE, INSET[1] * FINE, INSET_GAP * FINE
    wide = view.around(INSET_SHARE, width, height)
    inset = draw_land(wide, basemap)
    draw = ImageDraw.Draw(inset)
    half_x = max(view.width * view.size / wide.size / 2, 5 * FINE)
    half_y = max(view.height * view.size / wide.size / 2, 5 * FINE)
    x = (view.left + view.width * view.size / 2 - wide.left) / wide.size
    y = (view.top + view.height * view.size / 2 - wide.top) / wide.size
    draw.rectangle((x - half_x, y - half_y, x + half_x, y + half_y), outline=HERE, width=2 * FINE)
    draw.rectangle((0, 0, width - 1, height - 1), outline=COAST, width=FINE)
    corners = ((picture.width - width - gap, gap), (gap, gap))
    picture.paste(inset, min(corners, key=lambda corner: _ink(rows, corner, width, height)))


def _ink(rows: Image.Image, corner: tuple[int, int], width: int, height: int) -> float:
    part = rows.getchannel("A").crop((*corner, corner[0] + width, corner[1] + height))
    return float(np.asarray(part).mean())


def _add_words(picture: Image.Image, view: View, words: str) -> None:
    """The number of rows at the bottom right and a scale at the bottom left."""
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(24)
    low = picture.height - INSET_GAP
    draw.text((picture.width - INSET_GAP, low), words, TEXT, font, "rs", stroke_width=3, stroke_fill=HALO)
    length = nice_length(view.metres * 240)
    end = INSET_GAP + length / view.metres
    for colour, width in ((HALO, 8), (TEXT, 3)):
        draw.line([(INSET_GAP, low - 8), (INSET_GAP, low), (end, low), (end, low - 8)], fill=colour, width=width)
    label = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    draw.text((INSET_GAP + 8, low - 10), label, TEXT, font, "ls", stroke_width=3, stroke_fill=HALO)


def nice_length(most: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above `most` metres."""
    power = 10.0 ** floor(log10(most))
    return float(next(step * power for step in (5, 2, 1) if step * power <= most))
