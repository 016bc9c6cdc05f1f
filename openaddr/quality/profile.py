"""What the attributes of an extract say: how often they are filled, with how many values, and with which most often."""

from collections.abc import Sequence

import polars as pl

from openaddr.stages import ATTRIBUTES, AttributeProfile, Layer, Profile

TOP = 5
SHOWN = 80
"""Characters of a value that are kept: a profile is for people to look at."""


def profile_of(rows: pl.DataFrame, layer: Layer) -> Profile:
    """Profile rows of an extract (`extract.sample`)."""
    return profile_columns(rows, ATTRIBUTES[layer])


def profile_columns(rows: pl.DataFrame, names: Sequence[str]) -> Profile:
    """Profile columns of text."""
    return Profile(rows.height, {name: _attribute(rows[name]) for name in names})


def _attribute(values: pl.Series) -> AttributeProfile:
    filled = values.filter(values.str.len_bytes() > 0)
    counts = filled.alias("value").value_counts(name="rows").sort("rows", "value", descending=[True, False])
    top = tuple((value[:SHOWN], count) for value, count in counts.head(TOP).iter_rows())
    return AttributeProfile(len(filled), counts.height, top)
