"""A map as PNG: the same shapes, patterns and words as the SVG, in its light colours."""

from io import BytesIO

import numpy as np
import shapely
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry.base import BaseGeometry

from openaddr.maps.areas import Standing
from openaddr.maps.picture import Picture
from openaddr.maps.views import LEGEND

MEDIA_TYPE = "image/png"
RESOLUTION = 2
"""Pixels of the file in one of the map."""
FINE = 2
"""Steps of a pixel while it is drawn."""
SCALE = RESOLUTION * FINE
PAPER, UNKNOWN, GOOD = (255, 255, 255), (226, 231, 230), (47, 125, 79)
STRIPE, BETWEEN = (194, 65, 12), (251, 227, 211)
STRIPES, STRIPED = 8.5, 4
"""Pixels from one stripe to the next, measured along a row, and how wide each is."""
TEXT, FRAME = (23, 33, 31), (86, 99, 95)
SWATCH = 26


def png(picture: Picture) -> bytes:
    """The file, twice as wide as the SVG says."""
    size = picture.width * SCALE, picture.height * SCALE
    image = Image.new("RGB", size, PAPER)
    stripes = _stripes(size)
    image.paste(UNKNOWN, mask=_mask(picture.land, size))
    for standing, shape in picture.areas:
        image.paste(GOOD if standing is Standing.GOOD else stripes, mask=_mask(shape, size))
    draw = ImageDraw.Draw(image)
    for line in shapely.get_parts(picture.borders):
        draw.line([tuple(point) for point in shapely.get_coordinates(line) * SCALE], PAPER, round(0.6 * SCALE))
    image = image.reduce(FINE)
    _legend(image, picture)
    file = BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _stripes(size: tuple[int, int]) -> Image.Image:
    """Slanting stripes: each row is the one above, one step further."""
    width, height = size
    is_striped = np.arange(width + height) % (STRIPES * SCALE) < STRIPED * SCALE
    row = np.where(is_striped[:, None], STRIPE, BETWEEN).astype(np.uint8)
    return Image.fromarray(np.stack([row[down : down + width] for down in range(height)]))


def _mask(shape: BaseGeometry, size: tuple[int, int]) -> Image.Image:
    """Where an area is. The largest polygon comes first: others may lie in its holes."""
    mask = Image.new("1", size)
    draw = ImageDraw.Draw(mask)
    for part in sorted(shapely.get_parts(shape), key=lambda part: -part.area):
        if part.geom_type == "Polygon":
            outer, *holes = shapely.get_rings(part)
            draw.polygon(_corners(outer), 1)
            for hole in holes:
                draw.polygon(_corners(hole), 0)
    return mask


def _corners(ring: BaseGeometry) -> list[tuple[float, float]]:
    return [(x, y) for x, y in (shapely.get_coordinates(ring) * SCALE).tolist()]


def _legend(image: Image.Image, picture: Picture) -> None:
    draw = ImageDraw.Draw(image)
    top = picture.height - LEGEND
    title, words = (ImageFont.load_default(size * RESOLUTION) for size in (17, 15))
    draw.text((16 * RESOLUTION, (top + 28) * RESOLUTION), picture.title, TEXT, title, "ls")
    for place, entry in enumerate(picture.legend):
        x, y = (16 + place * 300) * RESOLUTION, (top + 44) * RESOLUTION
        box = (x, y, x + SWATCH * RESOLUTION, y + 16 * RESOLUTION)
        if entry.kind == Standing.FAILING:
            image.paste(_stripes((box[2] - x, box[3] - y)), box)
        draw.rectangle(box, None if entry.kind == Standing.FAILING else _colour(entry.kind), FRAME, RESOLUTION // 2)
        draw.text((x + (SWATCH + 8) * RESOLUTION, y + 14 * RESOLUTION), entry.words, TEXT, words, "ls")


def _colour(kind: str) -> tuple[int, int, int]:
    return GOOD if kind == Standing.GOOD else UNKNOWN
