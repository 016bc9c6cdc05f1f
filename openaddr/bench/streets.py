"""Which columns make up the name of a street."""

from collections.abc import Sequence

from openaddr.bench import columns as say
from openaddr.bench.columns import Column, named

PARTS = ("premod", "predir", "pretype", "presep", "name", "type", "postdir", "postmod")
"""What the name of a street may be made of, in the order in which it is read."""


def street_columns(role: str, columns: Sequence[Column]) -> list[Column]:
    """The column of the whole name, or those of its parts in their order; [] where there is no sign of a street.

    `role` is `street`, or `name` for centerlines.
    """
    whole = [column for column in named(role, columns) if _may_be_street(column)]
    names = [column for column in named("street_name", columns) if column.looks(say.has_letters)]
    if whole and not whole[0].is_empty and whole[0] not in names:
        return whole[:1]
    if names and not names[0].is_empty:
        return _parts(names[0], columns)
    return [*_by_values(columns), *whole][:1]


def _parts(name: Column, columns: Sequence[Column]) -> list[Column]:
    """The name between what stands before and after it."""
    candidates = {part: named(f"street_{part}", columns) for part in PARTS}
    # `Main St` needs no `St`; what else is empty there will stay so.
    is_whole = any(name.says(column) for column in candidates["type"])
    taken: list[Column] = []
    for part in PARTS:
        free = (column for column in candidates[part] if column is not name and column not in taken)
        found = name if part == "name" else next((column for column in free if not name.says(column)), None)
        if found is not None and not (is_whole and found.is_empty):
            taken.append(found)
    return taken


def _by_values(columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if _may_be_street(column) and column.share(say.is_street) > say.MOST]


def _may_be_street(column: Column) -> bool:
    return column.looks(say.has_letters) and column.share(say.is_full_address) < say.MOST
