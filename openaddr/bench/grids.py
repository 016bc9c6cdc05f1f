"""Coordinates that are no degrees: which national grid they are most likely in."""

import numpy as np

from openaddr.conform import geometry as geo
from openaddr.conform.readers.dataset import Points
from openaddr.source.coverage import declared_box
from openaddr.stages import Bounds

GRIDS = {
    "at": (31287, 31256, 31255, 31254, 3416), "au": (7856, 7855, 28356, 28355, 28350), "be": (31370, 3812),
    "bg": (7801, 32635), "ca": (3347, 3978), "ch": (2056, 21781), "cz": (5514,), "de": (25832, 25833, 31467, 31468),
    "dk": (25832,), "ee": (3301,), "es": (25830, 25831, 25829, 32628), "fi": (3067,), "fr": (2154, 2975, 5490),
    "gb": (27700,), "gr": (2100,), "hk": (2326,), "hr": (3765,), "hu": (23700,), "ie": (2157, 29902), "il": (2039,),
    "is": (5325, 3057), "it": (32632, 32633, 3003, 3004, 7791, 7792, 25832, 25833), "jp": (6677, 6676),
    "kr": (5179, 5186, 2097), "kz": (32642,), "li": (2056,), "lt": (3346,), "lu": (2169,), "lv": (3059,),
    "nl": (28992,), "no": (25833, 25832), "nz": (2193,), "pl": (2180, 2177, 2178, 2176, 2179), "pt": (3763,),
    "ro": (3844,), "rs": (6316, 32634), "se": (3006,), "sg": (3414,), "si": (3794, 3912), "sk": (5514,),
    "tw": (3826, 3825), "ua": (28467,), "uy": (31981,), "za": (2048,),
}  # fmt: skip
"""EPSG codes that publishers of a country use, the most usual first."""
EVERYWHERE, WIDEST = 3857, 60.0


def are_degrees(bounds: Bounds) -> bool:
    """Whether a box can be one of longitudes and latitudes."""
    west, south, east, north = bounds
    return -180 <= west <= east <= 180 and -90 <= south <= north <= 90


def grid_of(bounds: Bounds, country: str) -> int | None:
    """The first grid in which a box of coordinates lies inside of its country; None when there is none, or no country.

    The one of web maps is tried last.
    """
    within = declared_box({"country": country}) if country else None
    if within is None:
        return None
    # In the box of a country with islands all over the world, anything lies somewhere.
    is_narrow = within[2] - within[0] < WIDEST
    codes = (*GRIDS.get(country.lower(), ()), *((EVERYWHERE,) if is_narrow else ()))
    return next((code for code in codes if _is_inside(in_degrees(bounds, f"EPSG:{code}"), within)), None)


def in_degrees(bounds: Bounds, crs: str) -> Bounds | None:
    """The box around the corners of a box in a system that `geometry.check_crs` gave; None where it is not on earth."""
    west, south, east, north = bounds
    corners = Points(np.array([west, west, east, east]), np.array([south, north, south, north]))
    moved, outside = geo.to_wgs84(corners, crs)
    if not isinstance(moved, Points) or outside.any() or not np.isfinite([moved.x, moved.y]).all():
        return None
    x, y = geo.round7(moved.x), geo.round7(moved.y)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _is_inside(box: Bounds | None, within: Bounds) -> bool:
    if box is None:
        return False
    return within[0] <= box[0] and within[1] <= box[1] and box[2] <= within[2] and box[3] <= within[3]
