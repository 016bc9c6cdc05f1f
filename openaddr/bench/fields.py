"""The columns of a table: what kind of values they have, how many rows say anything, and what."""

import re
from collections.abc import Mapping
from itertools import islice

import polars as pl

from openaddr.bench.columns import Column
from openaddr.bench.records import DeclaredField, FieldFound
from openaddr.quality.profile import SHOWN, profile_columns

WIDEST = 500
"""Columns that are looked at."""
TESTED = 200
"""Rows by which columns are judged."""
EXAMPLES = 3
KINDS = (
    ("whole number", re.compile(r"-?(0|[1-9]\d*)")),
    ("number", re.compile(r"[-+]?\d*[.,]?\d+([eE][-+]?\d+)?")),
    ("date", re.compile(r"\d{4}[-/.]\d\d?[-/.]\d\d?([T ].*)?|\d\d?[-/.]\d\d?[-/.]\d{4}([T ].*)?")),
)


def fields_of(frame: pl.DataFrame, declared: Mapping[str, DeclaredField]) -> tuple[FieldFound, ...]:
    """The first columns of some rows, in the order of the data; types are those that are declared, else seen."""
    profile = profile_columns(frame.select(pl.all().str.strip_chars()), frame.columns[:WIDEST])
    return tuple(
        FieldFound(
            name[:SHOWN],
            declared[name].type if name in declared else kind_of(frame[name]),
            found.filled,
            found.distinct,
            tuple(value for value, _ in islice(found.top, EXAMPLES)),
            declared[name].alias if name in declared else "",
        )
        for name, found in profile.attributes.items()
    )


def kind_of(values: pl.Series) -> str:
    """What kind of values these are, in words; '' when there are none."""
    said = [value.strip() for value in values.head(TESTED) if value.strip()]
    kinds = (kind for kind, pattern in KINDS if all(pattern.fullmatch(value) for value in said))
    return next(kinds, "text") if said else ""


def columns_of(frame: pl.DataFrame, declared: Mapping[str, DeclaredField]) -> list[Column]:
    """The same columns as what is suggested is made from."""
    rows = frame.head(TESTED)
    return [
        Column(name, [value[:SHOWN] for value in rows[name]], declared[name].alias if name in declared else "")
        for name in frame.columns[:WIDEST]
    ]
