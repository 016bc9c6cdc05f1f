"""How local a source is: whoever is nearer to a house knows it better."""

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

_PLACE = re.compile(r"(?:city|town|village|municipality|borough|township)_of_")


class Locality(IntEnum):
    """What a source covers, the most local first."""

    CITY = 0
    COUNTY = 1
    STATE = 2
    COUNTRY = 3


_MEMBERS = {
    Locality.CITY: ("city", "town", "village", "municipality", "place"),
    Locality.COUNTY: ("county", "district"),
    Locality.STATE: ("state", "province", "region", "territory"),
}
"""Members of `coverage`; a source of a city most often names its county and state as well."""
_BY_DEPTH = (Locality.COUNTRY, Locality.STATE, Locality.COUNTY)


def locality(source: str, coverage: Mapping[str, Any]) -> Locality:
    """How local a source is: by the name of its file, then its coverage, then by how deep its path is.

    `us/ca/city_of_x` is of a city whatever it covers, `us/ca/statewide` of a state.
    """
    *folders, name = source.split("/")
    if name.startswith("countrywide"):
        return Locality.COUNTRY
    if name.endswith("wide"):
        return Locality.STATE
    if _PLACE.match(name):
        return Locality.CITY
    covered = (level for level, members in _MEMBERS.items() if any(coverage.get(member) for member in members))
    return next(covered, _BY_DEPTH[min(len(folders), 2)])
