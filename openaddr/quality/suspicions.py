"""What of an extract looks like a mistake: warnings, which fail nothing and wait for somebody who knows the place."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from openaddr.errors import Code, Problem
from openaddr.stages import Extract

SHARE, FEWEST = 0.01, 3
"""A pattern counts from this share of the rows that are filled on, and this many of them."""
STACKED_SHARE, STACKED_FEWEST = 0.2, 20
"""Large houses have many addresses at one point, but not a fifth of a town."""
ALIKE_FEWEST = 20
"""Rows from which on it says something that they are all the same."""
SWAPPED_SHARE = 0.05
SHOWN = 80


@dataclass(frozen=True)
class Pattern:
    """A mistake that can be seen in single values of some attributes; `words` follow their number."""

    code: Code
    attributes: tuple[str, ...]
    words: str
    found: pl.Expr


VALUE = pl.col("value")
WORDS = VALUE.str.to_lowercase().str.split(" ").list
PATTERNS = (
    Pattern(Code.NUMBER_FORMATTED, ("number", "unit", "postcode", "id", "pid"),
            "are written as decimals or with commas",
            VALUE.str.contains(r"^[0-9]+\.0+$|^[0-9]{1,3}(,[0-9]{3})+$")),
    Pattern(Code.PREFIX_LEAKED, ("city", "district", "region"), "begin with a number",
            VALUE.str.contains(r"^[0-9]{2,}[ -]+\pL")),
    Pattern(Code.WORD_DOUBLED, ("street", "name"), "say their last word twice",
            (WORDS.len() > 2) & (WORDS.get(-1, null_on_oob=True) == WORDS.get(-2, null_on_oob=True))),
    Pattern(Code.PLACEHOLDER, ("street", "unit", "city", "district", "region", "postcode", "name"),
            "say that there is no value",
            VALUE.str.contains(r"(?i)^(<?null>?|none|nan?|n/a|unknown|undefined|unassigned|no name|tbd)$")),
    Pattern(Code.PLACEHOLDER, ("number",), "say that there is no number",
            VALUE.str.contains(r"(?i)^(0+|-[0-9]+|<?null>?|none|nan?|n/a|unknown|s/?n)$")),
)  # fmt: skip
TELLING = ("number", "street", "pid", "name")
"""Attributes that are there to tell rows apart."""


def suspicions(extract: Extract, rows: pl.DataFrame, pointer: str) -> Iterator[Problem]:
    """What looks like a mistake in an extract, and in those of its rows that were looked at (`extract.sample`).

    `pointer` is that of the `conform` of its source.
    """
    yield from _misplaced(extract, pointer)
    yield from _stacked(rows, pointer)
    for pattern in PATTERNS:
        for name in pattern.attributes:
            if name in rows.columns and (problem := _matching(pattern, rows[name], f"{pointer}/{name}")):
                yield problem
    for name in TELLING:
        if name in rows.columns and rows.height >= ALIKE_FEWEST and rows[name][0] and rows[name].n_unique() == 1:
            message = f"`{name}` is {rows[name][0][:SHOWN]!r} in all {rows.height:,} rows."
            yield Problem(Code.ONE_VALUE, message, pointer=f"{pointer}/{name}")


def _misplaced(extract: Extract, pointer: str) -> Iterator[Problem]:
    found = extract.misplaced
    if found.null_island:
        message = f"{found.null_island:,} of {extract.rows:,} rows lie within 100 m of 0° north, 0° east."
        yield Problem(Code.NULL_ISLAND, message, pointer=pointer)
    if found.outside and found.swapped > max(SWAPPED_SHARE * extract.rows, found.outside / 2):
        message = (
            f"{found.outside:,} of {extract.rows:,} rows lie outside of what the source covers; {found.swapped:,} "
            "would lie inside if longitude and latitude changed places."
        )
        yield Problem(Code.AXIS_SWAPPED, message, pointer=pointer)


def _stacked(rows: pl.DataFrame, pointer: str) -> Iterator[Problem]:
    if "lon" not in rows.columns:
        return
    located = rows.select("lon", "lat").drop_nulls()
    places = located.group_by("lon", "lat").len().sort("len", "lon", "lat", descending=[True, False, False])
    for lon, lat, count in places.head(1).iter_rows():
        if count >= STACKED_FEWEST and count > STACKED_SHARE * located.height:
            message = f"{count:,} of {located.height:,} rows have the point {lon}, {lat}."
            yield Problem(Code.ONE_PLACE, message, pointer=pointer)


def _matching(pattern: Pattern, values: pl.Series, pointer: str) -> Problem | None:
    filled = values.filter(values.str.len_bytes() > 0).alias("value").to_frame()
    found = filled.filter(pattern.found)["value"]
    if len(found) < FEWEST or len(found) < SHARE * filled.height:
        return None
    counted = f"{len(found):,} of {filled.height:,} values of `{values.name}`"
    return Problem(pattern.code, f"{counted} {pattern.words}, such as {found[0][:SHOWN]!r}.", pointer=pointer)
