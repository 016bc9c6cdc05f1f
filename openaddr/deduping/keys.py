"""What two spellings of one number, street or unit have in common.

Keys only ever compare rows at one place, about 11 m wide: there, a street that differs in no more than case, accents,
punctuation and the usual abbreviations is the same street. They are published nowhere.
"""

import re
import unicodedata
from collections.abc import Callable

import polars as pl

STREET_WORDS = {
    # English: types of streets and directions as the US Postal Service shortens them.
    "alley": "aly", "avenue": "ave", "av": "ave", "avn": "ave", "boulevard": "blvd", "circle": "cir", "close": "cl",
    "court": "ct", "cove": "cv", "crescent": "cres", "crossing": "xing", "drive": "dr", "drv": "dr",
    "expressway": "expy", "extension": "ext", "freeway": "fwy", "gardens": "gdns", "grove": "grv", "heights": "hts",
    "highway": "hwy", "junction": "jct", "lane": "ln", "loop": "lp", "mount": "mt", "mountain": "mtn", "parade": "pde",
    "parkway": "pkwy", "pky": "pkwy", "place": "pl", "plaza": "plz", "point": "pt", "road": "rd", "route": "rte",
    "saint": "st", "sainte": "ste", "square": "sq", "street": "st", "str": "st", "terrace": "ter", "terr": "ter",
    "trail": "trl", "turnpike": "tpke", "way": "wy",
    "north": "n", "south": "s", "east": "e", "west": "w", "northeast": "ne", "northwest": "nw", "southeast": "se",
    "southwest": "sw",
    # French, Spanish, Portuguese, Italian.
    "bd": "blvd", "bld": "blvd", "boul": "blvd", "chemin": "ch", "impasse": "imp", "faubourg": "fg",
    "calle": "c", "avenida": "ave", "avda": "ave", "carretera": "ctra", "plaça": "plz", "praça": "pca", "rua": "r",
    "piazza": "pza", "viale": "vle", "corso": "cso",
}  # fmt: skip
"""Words with the form that stands for them."""
UNIT_WORDS = {"apartment", "apt", "flat", "unit", "no", "nr", "number"}
"""Words that say that a unit follows, and nothing of it."""
NO_NUMBER = {"", "0", "sn", "s/n", "na", "n/a", "none", "nan", "null", "unknown"}
NO_STREET = {"", "na", "n a", "none", "nan", "null", "unknown", "undefined", "unassigned", "no name", "tbd"}
_SILENT = re.compile(r"['’ʼ`´.]")
_NOT_WORDS = re.compile(r"[\W_]+")
_STRASSE = re.compile(r"stra(?:ss|s)e\b")
_DASHES = re.compile(r"\s*[-‐‑‒–—−]\s*")
_SLASHES = re.compile(r"\s*/\s*")
_LOOSE = re.compile(r"(?<=\d)[\s-]+(?=[^\W\d_])|(?<=[^\W\d_])[\s-]+(?=\d)")
_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")
_DECIMAL = re.compile(r"^(\d+)\.0+$")


def plain(text: str) -> str:
    """Text without case, accents and forms of letters that only look different."""
    # Twice: some letters have a case only once they are taken for what they look like.
    for _ in range(2):
        text = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in text if not unicodedata.combining(letter)).strip()


def street_key(text: str) -> str:
    """What all spellings of a street have in common, '' where there is none."""
    words = _NOT_WORDS.split(_SILENT.sub("", _STRASSE.sub("str", plain(text))))
    key = " ".join(STREET_WORDS.get(word, word) for word in words if word)
    return "" if key in NO_STREET else key


def number_key(text: str) -> str:
    """What all spellings of a house number have in common, '' where there is none.

    `12 A`, `12a` and `0012-A` are one; `12-14`, `12/14` and `12 14` stay three.
    """
    key = _SLASHES.sub("/", _DASHES.sub("-", " ".join(plain(text).strip(".,;# \t\n").split())))
    key = _ZEROS.sub("", _LOOSE.sub("", _DECIMAL.sub(r"\1", key)))
    return "" if key in NO_NUMBER else key


def unit_key(text: str) -> str:
    """What all spellings of a unit have in common; `Apt 4`, `#4` and `4` are one, `Suite 4` is another."""
    words = _NOT_WORDS.split(plain(text).replace(".", " "))
    return " ".join(word.lstrip("0") or word for word in words if word and word not in UNIT_WORDS)


def key_column(rows: pl.DataFrame) -> pl.Series:
    """The key of each row; null for one without number or street, which is the same address as nothing else."""
    number, street = _mapped(rows["number"], number_key), _mapped(rows["street"], street_key)
    unit = _mapped(rows["unit"], unit_key)
    keyed = pl.DataFrame({"number": number, "street": street, "unit": unit})
    there = (pl.col("number") != "") & (pl.col("street") != "")
    return keyed.select(pl.when(there).then(pl.concat_str("number", "street", "unit", separator="|")).alias("key"))[
        "key"
    ]


def _mapped(column: pl.Series, key: Callable[[str], str]) -> pl.Series:
    """A column through a function that is called once for each of its values: streets say little that is new."""
    values = column.unique()
    found = pl.Series([key(value) for value in values.to_list()], dtype=pl.String)
    return column.replace_strict(values, found, return_dtype=pl.String)
