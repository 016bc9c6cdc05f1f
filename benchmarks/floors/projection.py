"""Metres to degrees."""

from pyproj import Transformer

to_degrees = Transformer.from_crs("EPSG:25833", "EPSG:4326", always_xy=True).transform
