"""A conform for data that nobody has looked at yet: by the names of its columns first, then by what they say."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from openaddr.bench import columns as say
from openaddr.bench.columns import Column, family_of, named
from openaddr.bench.records import Choice
from openaddr.bench.streets import street_columns
from openaddr.stages import Layer

EXAMPLES = 3
SHOWN = 40
SIDES = ("addr_from_left", "addr_to_left", "addr_from_right", "addr_to_right", "zip_left", "zip_right")
REST = {"city": say.is_city, "district": say.has_letters, "region": say.has_letters, "postcode": say.has_digits}
CODES, WITHOUT_DECIMALS = ("unit", "postcode", "id", "pid"), r"^(.*?)(\.0+)?$"
NUMBER_AT_END = r"^(.*?),? +([0-9]+ ?[^0-9 ]?(?:[-/][0-9]*[^0-9 ]?)?)$"
PARCELS = re.compile(r"parcel|cadast|kadast|catast|taxlot|lots?\b|flurst", re.I)
BUILDINGS = re.compile(r"building|footprint|bldg|gebäude|gebaeude|bâti|bati\b|edific|structure", re.I)


def suggest(columns: Sequence[Column], geometry: str, title: str) -> dict[Layer, tuple[Choice, ...]]:
    """For each layer that the data may be one of the choices of its attributes, the likeliest layer first.

    `geometry` is what kind the rows have (`Point`, `MultiPolygon` and so on, '' for none), `title` how the publisher
    calls the data.
    """
    if "Line" in geometry:
        # Streets have numbers from and to, not one.
        found = choices_for(Layer.CENTERLINES, columns)
        return {Layer.CENTERLINES: found} if found else {}
    addresses = choices_for(Layer.ADDRESSES, columns)
    are_addresses = {"number", "street"} <= {choice.attribute for choice in addresses}
    likely = {Layer.ADDRESSES: addresses} if are_addresses else {}
    if "Polygon" not in geometry:
        return likely
    if BUILDINGS.search(title) and not PARCELS.search(title):
        return {Layer.BUILDINGS: choices_for(Layer.BUILDINGS, columns)} | likely
    parcels = choices_for(Layer.PARCELS, columns)
    return likely | ({Layer.PARCELS: parcels} if parcels else {})


def choices_for(layer: Layer, columns: Sequence[Column]) -> tuple[Choice, ...]:
    """The choices for a layer, whatever the data looks like."""
    makers: dict[Layer, Callable[[Sequence[Column]], Iterator[Choice]]] = {
        Layer.ADDRESSES: _addresses,
        Layer.PARCELS: _parcels,
        Layer.BUILDINGS: _buildings,
        Layer.CENTERLINES: _centerlines,
    }
    return tuple(makers[layer](columns))


def coordinates(columns: Sequence[Column]) -> tuple[Choice, ...]:
    """Where the rows of data without geometry are: longitude and latitude, or neither."""
    numeric = [column for column in columns if not column.is_empty and column.share(say.is_number) > say.MOST]
    lon, lat = named("lon", numeric)[:1], named("lat", numeric)[:1]
    if not lon or not lat:
        degrees = [column for column in numeric if column.share(say.is_degrees(180)) > say.MOST]
        if len(degrees) != 2:
            return ()
        # Longitude comes first where nothing else tells.
        degrees.sort(key=lambda column: column.share(say.is_degrees(90)) > say.MOST)
        lon, lat = degrees[:1], degrees[1:]
    return _choice("lon", lon[0]), _choice("lat", lat[0])


def _addresses(columns: Sequence[Column]) -> Iterator[Choice]:
    number = _first("number", columns, say.is_house_number)
    street = street_columns("street", [column for column in columns if column is not number])
    whole = _whole_address(columns)
    if whole is not None and (number is None or all(column.is_empty for column in street)):
        yield from _split(whole)
        taken, family = [whole], family_of(whole)
    else:
        taken = [*(_number_parts(number, columns) if number else ()), *street]
        family = family_of(number) if number else ""
        if number is not None:
            yield _merged("number", taken[: len(taken) - len(street)])
        if street:
            yield _merged("street", street)
    yield from _rest_of_address([column for column in columns if column not in taken], family)


def _rest_of_address(free: list[Column], family: str) -> Iterator[Choice]:
    """What there is besides number and street; rather columns that are called like those."""
    unit = _unit(free)
    if unit:
        yield _merged("unit", unit) if len(unit) > 1 else _choice("unit", unit[0])
    for attribute, test in REST.items():
        if found := _first(attribute, free, test, family):
            free.remove(found)
            yield _choice(attribute, found)
    if found := _first("id", [column for column in free if not column.is_empty], bool):
        yield _choice("id", found)


def _parcels(columns: Sequence[Column]) -> Iterator[Choice]:
    filled = [column for column in columns if not column.is_empty]
    if found := _first("pid", filled, say.has_digits):
        yield _choice("pid", found)


def _buildings(columns: Sequence[Column]) -> Iterator[Choice]:
    for attribute in ("height", "levels"):
        if found := _first(attribute, columns, say.has_digits):
            yield _choice(attribute, found)


def _centerlines(columns: Sequence[Column]) -> Iterator[Choice]:
    street = street_columns("name", columns)
    if not street:
        return
    if found := _first("centerline_id", columns, bool):
        yield _choice("id", found)
    yield _merged("name", street)
    for attribute in ("oneway", "speed", *SIDES):
        if found := _first(attribute, columns, bool):
            yield _choice(attribute, found)


def _first(role: str, columns: Sequence[Column], test: Callable[[str], object], family: str = "") -> Column | None:
    """The column of the best name whose values look right, rather one of the family."""
    likely = [column for column in named(role, columns) if column.looks(test)]
    of_family = [column for column in likely if family and family_of(column) == family and not column.is_empty]
    return next(iter([*of_family, *likely]), None)


def _number_parts(number: Column, columns: Sequence[Column]) -> list[Column]:
    """The column of the number between those of what stands before and after it, where it does not say that itself."""
    free = [column for column in columns if column is not number and not number.says(column)]
    return [*named("number_before", free)[:1], number, *named("number_after", free)[:1]]


def _unit(columns: Sequence[Column]) -> list[Column]:
    kinds, ids = named("unit_type", columns)[:1], named("unit_id", columns)[:1]
    if kinds and ids and kinds != ids and not ids[0].says(kinds[0]):
        return [*kinds, *ids]
    return named("unit", columns)[:1]


def _whole_address(columns: Sequence[Column]) -> Column | None:
    """A column with number and street in one."""
    for test in (say.is_full_address, say.ends_with_number):
        likely = [column for column in columns if column.share(test) > say.MOST]
        for role in ("full_address", "street", "number"):
            if found := named(role, likely):
                return found[0]
        if streets := [column for column in likely if column.share(say.is_street) > say.MOST]:
            return streets[0]
    return None


def _split(column: Column) -> Iterator[Choice]:
    """Number and street out of one column."""
    if column.share(say.is_full_address) > say.MOST:
        yield _choice("number", column, {"function": "prefixed_number", "field": column.name})
        yield _choice("street", column, {"function": "postfixed_street", "field": column.name})
        return
    for attribute, group in (("number", "$2"), ("street", "$1")):
        rule = {"function": "regexp", "field": column.name, "pattern": NUMBER_AT_END, "replace": group}
        yield _choice(attribute, column, rule)


def _merged(attribute: str, columns: Sequence[Column]) -> Choice:
    """One column as it is, several one after the other."""
    names = tuple(column.name for column in columns)
    rows = zip(*(column.values for column in columns), strict=True)
    joined = (" ".join(filter(None, map(str.strip, row))) for row in rows)
    return Choice(attribute, names[0] if len(names) == 1 else list(names), names, _examples(joined))


def _choice(attribute: str, column: Column, rule: Any = None) -> Choice:
    """One column, without the decimals that a code gets from a program that takes it for a measure."""
    if rule is None and attribute in CODES and column.share(say.is_decimal) > say.MOST:
        rule = {"function": "regexp", "field": column.name, "pattern": WITHOUT_DECIMALS, "replace": "$1"}
    return Choice(attribute, rule or column.name, (column.name,), _examples(column.said))


def _examples(values: Iterator[str] | Sequence[str]) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys(value[:SHOWN] for value in values if value), EXAMPLES))
