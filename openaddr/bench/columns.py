"""What single columns of the data seem to be, by their names and by what they say."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from openaddr.bench.known_names import NOT_OF_THE_PLACE, PREFIXES, plain, ranks

CUT_AT = 10
"""Letters that a shapefile keeps of a name."""
PREFIXED, CUT, NUMBERED = 1_000, 2_000, 3_000
"""How much worse a name is than any that is known as it stands."""
MOST = 0.6
"""Share of values that have to look like what they are taken for."""

HOUSE_NUMBER = re.compile(
    r"[A-Z]{0,2}[- ]?\d{1,6}(\.0+)?\s?[^\W\d_]{0,3}\.?(\s?[-/,&+]\s?\d{0,6}\s?\w{0,3}){0,3}(\s\d/\d)?", re.I
)
FULL_ADDRESS = re.compile(r"\d+[-/]?\w{0,4}\s+(\d/\d\s+)?\S*[^\W\d_].*", re.S)
NUMBER_LAST = re.compile(r"\S*[^\W\d_][^\d]*?,?\s+\d+\s?[^\W\d_]?([-/]\d*\w?)?", re.S)
LETTERS = re.compile(r"[^\W\d_]")
DIGITS = re.compile(r"\d")
STREET_WORDS = re.compile(
    r"(?i)\b(st|street|ave?|avenue|rd|road|dr|drive|ln|lane|ct|court|blvd|boulevard|way|cir|circle|pl|place|hwy|ter"
    r"|trl|trail|pkwy|rue|chemin|impasse|allée|via|viale|piazza|calle|avenida|carrer|rua|travessa|ul|ulica|weg"
    r"|plac|ulice|улица|вулиця|ул|вул|проспект)\b\.?|\w(straße|strasse|weg|gasse|platz|straat|laan|vej|gade|gata|gatan"
    r"|vägen|veien|tie|katu|utca)\b"
)


@dataclass(frozen=True)
class Column:
    """One column and its values in the rows that were looked at, in their order."""

    name: str
    values: Sequence[str]
    alias: str = ""

    @cached_property
    def said(self) -> list[str]:
        """The values that are not blank."""
        return [value.strip() for value in self.values if value.strip()]

    @property
    def is_empty(self) -> bool:
        """Whether no row says anything."""
        return not self.said

    def share(self, test: Callable[[str], object]) -> float:
        """Of the values that are not blank, the share that passes; 0 when all are blank."""
        return sum(bool(test(value)) for value in self.said) / len(self.said) if self.said else 0.0

    def looks(self, test: Callable[[str], object]) -> bool:
        """Whether most values pass, or there is none that could fail."""
        return self.is_empty or self.share(test) >= MOST

    def says(self, part: "Column") -> bool:
        """Whether it says what the other column does, at its beginning or its end."""
        pairs = zip(self.values, part.values, strict=True)
        both = [(a.strip().casefold(), b.strip().casefold()) for a, b in pairs if a.strip() and b.strip()]
        return sum(_begins_or_ends(a, b) for a, b in both) > len(both) / 2


def _begins_or_ends(text: str, part: str) -> bool:
    """Whether a text begins or ends with a word, or ends with it right after a digit."""
    before = text.removesuffix(part)
    return text.startswith(f"{part} ") or (before != text and (not before or not before[-1].isalpha()))


def is_house_number(value: str) -> bool:
    """`12`, `12 a`, `12-14`, `12.0`, `12 1/2`; no number of a parcel or of a telephone."""
    return HOUSE_NUMBER.fullmatch(value) is not None


def is_full_address(value: str) -> bool:
    """`12 Main St`."""
    return FULL_ADDRESS.fullmatch(value) is not None


def ends_with_number(value: str) -> bool:
    """`Hauptstraße 12`."""
    return NUMBER_LAST.fullmatch(value) is not None


def has_letters(value: str) -> bool:
    """Whether there are letters of any script."""
    return LETTERS.search(value) is not None


def is_city(value: str) -> bool:
    """Whether there are letters, which are not those of a county."""
    return has_letters(value) and not value.lower().endswith(" county")


def is_decimal(value: str) -> bool:
    """`1201.0`."""
    return value.endswith(".0")


def is_number(value: str) -> bool:
    """Whether it can be a coordinate."""
    return number_in(value) is not None


def has_digits(value: str) -> bool:
    """Whether there are digits."""
    return DIGITS.search(value) is not None


def is_street(value: str) -> bool:
    """`Main St`: a name that says of itself that it is one of a street."""
    return STREET_WORDS.search(value) is not None


def is_degrees(most: float) -> Callable[[str], bool]:
    """Whether a value is a number with decimals between -`most` and `most`."""

    def test(value: str) -> bool:
        number = number_in(value)
        return number is not None and abs(number) <= most and ("." in value or "," in value)

    return test


def number_in(value: str) -> float | None:
    """The value as a number, with a point or a comma."""
    try:
        return float(value.replace(",", "."))
    except ValueError:
        return None


def named(role: str, columns: Iterable[Column]) -> list[Column]:
    """The columns whose names stand for a role, the best first: filled ones, then the more usual names."""
    found = [(column.is_empty, place, column) for column in columns if (place := _place(role, column)) is not None]
    return [column for _, _, column in sorted(found, key=lambda item: item[:2])]


def family_of(column: Column) -> str:
    """What the name begins with before it says what it stands for: `situs` of `SITUS_NUM`; '' when it just says it."""
    word = plain(column.name)
    return next((prefix for prefix in PREFIXES if word.startswith(prefix) and word != prefix), "")


def _place(role: str, column: Column) -> int | None:
    places = [place for place in (_place_of(role, column.name), _place_of(role, column.alias)) if place is not None]
    return min(places, default=None)


def _place_of(role: str, name: str) -> int | None:
    """How usual a name is for a role, from 0; None when it does not stand for it."""
    known, word = ranks(role), plain(name)
    if word in known:
        return known[word]
    if not word or word.startswith(NOT_OF_THE_PLACE):
        return None
    return min(_less_exactly(word, len(name.rpartition(".")[2]), known), default=None)


def _less_exactly(word: str, length: int, known: Mapping[str, int]) -> Iterator[int]:
    for prefix in PREFIXES:
        if word.startswith(prefix) and word[len(prefix) :] in known:
            yield PREFIXED + known[word[len(prefix) :]]
    if length == CUT_AT:
        yield from (CUT + place for whole, place in known.items() if whole.startswith(word))
    if word[-1] in "12" and word[:-1] in known:
        yield NUMBERED + known[word[:-1]]
