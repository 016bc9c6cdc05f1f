"""Which place data covers: guessed from where its rows are and from what its server is called."""

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from openaddr.source.gazetteer import Named, gazetteer
from openaddr.stages import Bounds

STATES = {
    "01": "al", "02": "ak", "04": "az", "05": "ar", "06": "ca", "08": "co", "09": "ct", "10": "de", "11": "dc",
    "12": "fl", "13": "ga", "15": "hi", "16": "id", "17": "il", "18": "in", "19": "ia", "20": "ks", "21": "ky",
    "22": "la", "23": "me", "24": "md", "25": "ma", "26": "mi", "27": "mn", "28": "ms", "29": "mo", "30": "mt",
    "31": "ne", "32": "nv", "33": "nh", "34": "nj", "35": "nm", "36": "ny", "37": "nc", "38": "nd", "39": "oh",
    "40": "ok", "41": "or", "42": "pa", "44": "ri", "45": "sc", "46": "sd", "47": "tn", "48": "tx", "49": "ut",
    "50": "vt", "51": "va", "53": "wa", "54": "wv", "55": "wi", "56": "wy", "60": "as", "66": "gu", "69": "mp",
    "72": "pr", "78": "vi",
}  # fmt: skip
"""FIPS codes of the states and territories of the US with their letters."""
OTHERS = {"uk": "gb", "gov": "us", "io": "", "co": "", "me": "", "tv": ""}
"""Ends of the names of hosts that are no codes of a country, or say nothing of one."""
COUNTY = 5
"""Digits of the code of a county."""
NOT_WORDS = re.compile(r"\W+")


@dataclass(frozen=True)
class Place:
    """A country by its two letters, and what of it: '' where it is all of it. `geoid` is that of the US Census.

    `middle` is a point in it, for places that nobody has a code for.
    """

    country: str = ""
    state: str = ""
    county: str = ""
    city: str = ""
    geoid: str = ""
    middle: tuple[float, float] | None = None

    @property
    def level(self) -> str:
        """What source files call entries of such a place: city, county, state, country."""
        return next((level for level in ("city", "county", "state") if getattr(self, level)), "country")

    @property
    def path(self) -> PurePosixPath:
        """Where the source file of it lies in the repository."""
        folder = PurePosixPath("sources", self.country or "xx")
        if self.level == "country":
            return folder / "countrywide.json"
        if self.level == "state":
            return folder / slug(self.state) / "statewide.json"
        name = f"city_of_{slug(self.city)}" if self.city else slug(self.county)
        return folder / slug(self.state) / f"{name}.json" if self.state else folder / f"{name}.json"

    def coverage(self) -> dict[str, Any]:
        """The member `coverage` of its source file."""
        members: dict[str, Any] = {}
        if self.country == "us" and self.geoid:
            members["US Census"] = self._census()
        elif self.country and self.country != "us" and self.level in ("country", "state"):
            name = gazetteer().names.get(self.country.upper())
            members["ISO 3166"] = {"alpha2": self.country.upper()} | ({"country": name} if name else {})
        if not members and self.middle:
            members["geometry"] = {"type": "Point", "coordinates": list(self.middle)}
        named = {"country": self.country, "state": self.state, "county": self.county, "city": self.city}
        return members | {name: value for name, value in named.items() if value}

    def _census(self) -> dict[str, str]:
        state = gazetteer().names.get(self.geoid[:2], "")
        name = {"name": county_title(self.county, self.state)} if self.county and not self.city else {}
        return {"geoid": self.geoid, **name, "state": state}


def slug(name: str) -> str:
    """A name as a part of a path, as those of the repository are."""
    return NOT_WORDS.sub("_", name.strip().lower()).strip("_")


def county_title(name: str, state: str) -> str:
    """How a county is called in full."""
    return name if state == "ak" else f"{name} {'Parish' if state == 'la' else 'County'}"


def guess(bounds: Bounds | None, center: tuple[float, float] | None, address: str) -> Place:
    """The place that rows cover which lie in `bounds`, around a center, and come from an address."""
    told = country_of(address)
    if center is None:
        return Place(told)
    middle = round(center[0], 3), round(center[1], 3)
    around = gazetteer().at(*center)
    in_states = [place for place in around if place.code.isdigit()]
    if told == "us" or (not told and in_states):
        return replace(_in_the_states(bounds, in_states), middle=middle)
    country = told or next((place.code.lower() for place in around), "")
    return Place(country, middle=middle)


def _in_the_states(bounds: Bounds | None, around: list[Named]) -> Place:
    """The state or the county whose box is more like that of the rows; a county of which they are a small part."""
    counties = sorted(around, key=lambda place: (_alike(place.bounds, bounds), len(place.code)), reverse=True)
    if not counties:
        return Place("us")
    best = counties[0]
    letters = STATES.get(best.code[:2], "")
    return Place("us", letters, best.name if len(best.code) == COUNTY else "", geoid=best.code)


def named(country: str, state: str, county: str, city: str, guessed: Place) -> Place:
    """A place by names that somebody has given, with the code of the US Census where there is one."""
    country, state = country.strip().lower(), state.strip()
    state = state.lower() if country == "us" else state
    place = Place(country, state, county.strip(), city.strip(), middle=guessed.middle)
    return replace(place, geoid=_geoid(place)) if country == "us" else place


def _geoid(place: Place) -> str:
    """That of a county or state; cities have codes that we do not know."""
    state = next((code for code, letters in STATES.items() if letters == place.state), "")
    if not state or place.city:
        return ""
    return gazetteer().code_of(state, place.county) if place.county else state


def country_of(address: str) -> str:
    """What the last letters of a host say, '' when that is nothing."""
    host = re.sub(r"^\w+://", "", address).partition("/")[0].partition(":")[0]
    ending = host.rpartition(".")[2].lower()
    if ending in OTHERS:
        return OTHERS[ending]
    return ending if ending.upper() in gazetteer().names else ""


def _alike(box: Bounds, bounds: Bounds | None) -> float:
    """The share of two boxes that is common to both, in tenths: less does not make one more likely than the other."""
    if bounds is None:
        return 0.0
    inner = max(box[0], bounds[0]), max(box[1], bounds[1]), min(box[2], bounds[2]), min(box[3], bounds[3])
    whole = _area(box) + _area(bounds) - _area(inner)
    return round(_area(inner) / whole, 1) if whole else 0.0


def _area(box: Bounds) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
