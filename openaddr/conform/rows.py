"""The last steps of a row: the canonical form of number, street and unit, and the row id.

Canonical form (legacy-conform facts): number, street and unit lose blanks at both ends; the number then loses one
`.0`. Nothing else is touched: street names are published as they are.

The row id `hash` is the first 16 hex digits of the SHA-1 over source path, layer, name and the publisher's id where
the conform maps one and the row has it, otherwise over the attributes and the coordinates rounded to 5 places. So a
row keeps its id when it is downloaded again.
"""

from collections.abc import Mapping
from hashlib import sha1

import numpy as np
import polars as pl
import shapely

from openaddr.conform.expressions import stripped
from openaddr.conform.functions import whole_number
from openaddr.conform.geometry import as_shapes
from openaddr.conform.readers.dataset import Geometry, Points
from openaddr.stages import Layer

STRIPPED = ("number", "street", "unit")
PUBLISHER_ID = {Layer.ADDRESSES: "id", Layer.CENTERLINES: "id", Layer.PARCELS: "pid"}
HASH_PLACES = 1e5
UNIT_SEPARATOR = "\x1f"


def canonical(frame: pl.DataFrame, layer: Layer) -> pl.DataFrame:
    """The attributes in their canonical form."""
    if layer is not Layer.ADDRESSES:
        return frame
    return frame.with_columns(
        stripped(pl.col("number")).str.strip_suffix(".0"),
        stripped(pl.col("street")),
        stripped(pl.col("unit")),
    )


def canonical_row(row: Mapping[str, str], layer: Layer) -> dict[str, str]:
    """The same for one row: the reference."""
    if layer is not Layer.ADDRESSES:
        return dict(row)
    bare = {name: value.strip() if name in STRIPPED else value for name, value in row.items()}
    return {name: whole_number(value) if name == "number" else value for name, value in bare.items()}


def hashes(frame: pl.DataFrame, geometry: Geometry, layer: Layer, identity: str) -> pl.Series:
    """The row ids of a batch; `identity` is `<source path>|<layer>|<name>`."""
    if layer is not Layer.ADDRESSES:
        # Other rows decide whether a batch comes as points or as shapes; the id of a row must not depend on them.
        geometry = as_shapes(geometry)
    texts = frame.select(_hashed_text(frame, geometry, layer, identity)).to_series().cast(pl.Binary).to_list()
    if not isinstance(geometry, Points):
        texts = _with_shapes(texts, frame, geometry.values, layer)
    return pl.Series("hash", [sha1(text).hexdigest()[:16] for text in texts], dtype=pl.String)


def _hashed_text(frame: pl.DataFrame, geometry: Geometry, layer: Layer, identity: str) -> pl.Expr:
    parts: list[pl.Expr] = [pl.lit(identity), *(pl.col(name) for name in frame.columns)]
    if isinstance(geometry, Points):
        parts += [pl.lit(_grid(geometry.x)), pl.lit(_grid(geometry.y))]
    whole = pl.concat_str(parts, separator=UNIT_SEPARATOR)
    key = PUBLISHER_ID.get(layer)
    if key is None:
        return whole
    published = pl.concat_str([pl.lit(identity), pl.lit("id"), pl.col(key)], separator=UNIT_SEPARATOR)
    return pl.when(pl.col(key) != "").then(published).otherwise(whole)


def _grid(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> pl.Series:
    """Coordinates in steps of 0.00001 as text; '' where there is none."""
    steps = pl.Series(np.rint(values * HASH_PLACES), nan_to_null=True)
    return steps.cast(pl.Int64).cast(pl.String).fill_null("")


def _with_shapes(
    texts: list[bytes], frame: pl.DataFrame, shapes: np.ndarray[tuple[int, ...], np.dtype[np.object_]], layer: Layer
) -> list[bytes]:
    """The texts with the shape of each row, but for rows that have a publisher's id."""
    steps = shapely.transform(shapes, lambda coordinates: np.rint(coordinates * HASH_PLACES) + 0.0)
    key = PUBLISHER_ID.get(layer)
    plain = frame[key] == "" if key else pl.repeat(True, frame.height, eager=True)
    shape_bytes = shapely.to_wkb(steps, output_dimension=2)
    return [text + (wkb or b"") if whole else text for text, wkb, whole in zip(texts, shape_bytes, plain, strict=True)]
