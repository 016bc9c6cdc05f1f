"""Which place the file says that it covers: copied files keep the place of the one they were copied from."""

import difflib
import re
import unicodedata
from collections.abc import Iterator

from openaddr.lint.findings import Found, Severity, quoted
from openaddr.lint.rules.check import Check
from openaddr.lint.subject import Subject
from openaddr.source.coverage import county_names

STATES = {
    "al": "01", "ak": "02", "az": "04", "ar": "05", "ca": "06", "co": "08", "ct": "09", "de": "10", "dc": "11",
    "fl": "12", "ga": "13", "hi": "15", "id": "16", "il": "17", "in": "18", "ia": "19", "ks": "20", "ky": "21",
    "la": "22", "me": "23", "md": "24", "ma": "25", "mi": "26", "mn": "27", "ms": "28", "mo": "29", "mt": "30",
    "ne": "31", "nv": "32", "nh": "33", "nj": "34", "nm": "35", "ny": "36", "nc": "37", "nd": "38", "oh": "39",
    "ok": "40", "or": "41", "pa": "42", "ri": "44", "sc": "45", "sd": "46", "tn": "47", "tx": "48", "ut": "49",
    "vt": "50", "va": "51", "wa": "53", "wv": "54", "wi": "55", "wy": "56",
}  # fmt: skip
"""Codes of the states in the census of the United States (FIPS 5-2)."""
COUNTRY = re.compile("[a-z]{2}")
GEOID = re.compile(r"\d{2}|\d{5}|\d{7}|\d{10}", re.ASCII)
COUNTY_DIGITS = 5
LONGEST_NAME = 200
GENERIC = re.compile(r"\b(city and county of|(city|town) of|city|county|parish|borough|census area|municipality)\b")
ALIKE = 0.85
"""Likeness of two names from which one is taken for the other, spelt in another way."""
SAINT = re.compile(r"\b(saint|st)\b\.?")


def _country(subject: Subject) -> Iterator[Found]:
    country, folder = subject.coverage.get("country"), _folder(subject, 0)
    if not isinstance(country, str) or not country:
        return
    if folder and COUNTRY.fullmatch(folder) and country.lower() != folder:
        message = f"`country` is {quoted(country)}, but the file is in the folder {quoted(folder)}."
        yield Found("/coverage/country", message)


def _geoid(subject: Subject) -> Iterator[Found]:
    geoid = subject.at("/coverage/US Census/geoid")
    if isinstance(geoid, str) and not GEOID.fullmatch(geoid):
        yield Found(
            "/coverage/US Census/geoid",
            f"`geoid` is {quoted(geoid)}; one of the census has 2, 5, 7 or 10 digits, and nothing else.",
        )


def _other_state(subject: Subject) -> Iterator[Found]:
    geoid, state = subject.at("/coverage/US Census/geoid"), _state(subject)
    if not isinstance(geoid, str) or not GEOID.fullmatch(geoid) or state not in STATES:
        return
    if geoid[:2] != STATES[state]:
        other = next((name.upper() for name, code in STATES.items() if code == geoid[:2]), "no state")
        yield Found(
            "/coverage/US Census/geoid",
            f"`geoid` is {quoted(geoid)}, which is of {other}, but the file is in {state.upper()}.",
            f"Look up the code of the place; in {state.upper()} they begin with {STATES[state]}.",
        )


def _other_name(subject: Subject) -> Iterator[Found]:
    """A code of the census with the name of another county, as when the next line of a table was copied."""
    geoid, name = subject.at("/coverage/US Census/geoid"), subject.at("/coverage/US Census/name")
    official = county_names().get(geoid) if isinstance(geoid, str) else None
    if official is None or not isinstance(name, str) or len(name) > LONGEST_NAME or any(_other_state(subject)):
        return
    if difflib.SequenceMatcher(None, _plain(official), _plain(name)).ratio() < ALIKE:
        yield Found(
            "/coverage/US Census/geoid",
            f"`geoid` is {quoted(geoid)}, which is that of {official}, but `name` is {quoted(name)}.",
            "Look up the code of the place, or correct its name.",
        )


def _other_county(subject: Subject) -> Iterator[Found]:
    """A county's file with the code of another one; files of cities and parts of counties name their county."""
    geoid, name = subject.at("/coverage/US Census/geoid"), subject.at("/coverage/US Census/name")
    own = subject.id.rpartition("/")[2].replace("_", " ").replace("-", " ")
    if not (isinstance(geoid, str) and isinstance(name, str) and len(geoid) == COUNTY_DIGITS):
        return
    if subject.coverage.get("city") or re.match("(city|town|village) ", own) or not _state(subject):
        return
    census, file = _plain(name), _plain(own)
    if census and file and census not in file and file not in census:
        yield Found(
            "/coverage/US Census/name",
            f"The coverage is {quoted(name)} ({geoid}), but the file is called {quoted(subject.id)}.",
        )


def _iso_country(subject: Subject) -> Iterator[Found]:
    code, folder = subject.at("/coverage/ISO 3166/alpha2"), _folder(subject, 0)
    if not isinstance(code, str) or not folder or not COUNTRY.fullmatch(folder):
        return
    if code.split("-")[0].lower() != folder:
        message = f"`alpha2` is {quoted(code)}, but the file is in the folder {quoted(folder)}."
        yield Found("/coverage/ISO 3166/alpha2", message)


def _folder(subject: Subject, index: int) -> str | None:
    """A folder of the path below `sources`, where there is such a one."""
    folders = subject.id.split("/")[:-1]
    return folders[index] if len(folders) > index else None


def _state(subject: Subject) -> str | None:
    return _folder(subject, 1) if _folder(subject, 0) == "us" else None


def _plain(name: str) -> str:
    """The letters of a name that tell it from others."""
    ascii_only = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub("[^a-z]", "", SAINT.sub("st", GENERIC.sub("", ascii_only)))


ELSEWHERE = "Correct the coverage, or the place of the file."
CHECKS = (
    Check(
        "coverage-country",
        Severity.WARNING,
        "`country` is not that of the folder",
        ELSEWHERE,
        _country,
    ),
    Check(
        "geoid-malformed",
        Severity.WARNING,
        "The `geoid` has not the digits that codes of the census have",
        "Look up the code of the place: 2 digits a state, 5 a county, 7 a place, 10 a part of a county.",
        _geoid,
    ),
    Check(
        "geoid-elsewhere",
        Severity.BUG,
        "The `geoid` is of another state than the file, so the source is drawn there",
        "Look up the code of the place.",
        _other_state,
    ),
    Check(
        "geoid-other-name",
        Severity.BUG,
        "The `geoid` is of another county than `name` says, so the source is drawn there",
        "Look up the code of the place, or correct its name.",
        _other_name,
    ),
    Check(
        "county-elsewhere",
        Severity.WARNING,
        "The coverage is a county of another name than the file",
        ELSEWHERE,
        _other_county,
    ),
    Check(
        "iso-elsewhere",
        Severity.WARNING,
        "The ISO 3166 code is of another country than the folder",
        ELSEWHERE,
        _iso_country,
    ),
)
