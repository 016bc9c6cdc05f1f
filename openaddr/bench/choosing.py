"""The choices on the way from an address to a source file: layer, table, attributes, place and licence."""

import difflib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openaddr.bench.asking import Asker
from openaddr.bench.exploring import may_be, suggestion_blocks
from openaddr.bench.place import Place, named
from openaddr.bench.records import Choice, Directory, Examined, Found, Suggested
from openaddr.bench.sheet import Line, Table, show
from openaddr.bench.writing import Origin
from openaddr.errors import Code, ProblemError
from openaddr.stages import ATTRIBUTES, Layer

AND = "+"
CHANGE = "To change one: attribute=COLUMN, or attribute=COLUMN+COLUMN, or attribute= (Enter goes on)"
COUNTRY = "Give it with --country, and --state and --county with it."


@dataclass(frozen=True)
class Given:
    """What was answered beforehand, by options; '' or None where nothing was."""

    layer: Layer | None = None
    country: str = ""
    state: str = ""
    county: str = ""
    city: str = ""
    website: str = ""
    licence: str = ""
    attribution: str = ""


def choose_layer(directory: Directory, asker: Asker, wanted: Layer | None) -> str:
    """The address of one of the layers of a directory. Raises ProblemError."""
    listed = [layer for service in directory.services for layer in service.layers if layer.kind != "Group Layer"]
    if not listed:
        raise ProblemError(Code.ANSWER_NEEDED, f"{directory.address} has no layers to choose from.")
    likely = [at for at, layer in enumerate(listed) if may_be(layer) and may_be(layer) == (wanted or may_be(layer))]
    if not asker.takes_all:
        rows = [
            (str(at), layer.name, layer.geometry, may_be(layer), layer.address) for at, layer in enumerate(listed, 1)
        ]
        show([Table(("", "layer", "geometry", "may be", "address"), rows), Line()], sys.stderr)
    chosen = asker.choice("Which layer", [layer.address for layer in listed], likely[0] if len(likely) == 1 else None)
    return listed[chosen].address


def choose_table(examined: Examined, asker: Asker) -> Found:
    """The table that the source is to read. Raises ProblemError where none has anything to suggest."""
    listed = [table for table in examined.found if table.suggestions]
    if not listed:
        message = "Nothing in it looks like addresses, parcels, buildings or centerlines."
        raise ProblemError(Code.ANSWER_NEEDED, message, hint="Say what it is with --layer.")
    names = [" · ".join(part for part in (table.file, table.layer) if part) for table in listed]
    if len(listed) > 1 and not asker.takes_all:
        show([Line(f"  {at}  {name}") for at, name in enumerate(names, 1)], sys.stderr)
    return listed[asker.choice("Which table", names, 0)]


def choose_suggestions(table: Found, asker: Asker) -> list[Suggested]:
    """Of a table that may be several layers, those for which there are to be entries."""
    if len(table.suggestions) == 1:
        return list(table.suggestions)
    wanted = [each for each in table.suggestions if asker.confirmed(f"An entry for {each.layer}")]
    return wanted or [table.suggestions[0]]


def choose_attributes(table: Found, suggested: Suggested, asker: Asker) -> Suggested:
    """The same with what somebody wants to be read from other columns."""
    columns = [field.name for field in table.fields]
    while not asker.takes_all:
        show(suggestion_blocks(suggested), sys.stderr)
        answer = asker.text(
            "To change one: attribute=COLUMN, or attribute=COLUMN+COLUMN, or attribute= (Enter goes on)"
        )
        if not answer:
            break
        try:
            suggested = changed(suggested, answer, columns)
        except ValueError as error:
            show([Line(f"  {error}", "red")], sys.stderr)
    return suggested


def changed(suggested: Suggested, answer: str, columns: Sequence[str]) -> Suggested:
    """A conform in which one attribute is made from other columns, or from none. Raises ValueError."""
    attribute, sign, text = (part.strip() for part in answer.partition("="))
    allowed = (*ATTRIBUTES[Layer(suggested.layer)], "lon", "lat", "srs")
    if not sign or attribute not in allowed:
        raise ValueError(f"{answer!r} is no `attribute=COLUMN`; attributes are {', '.join(allowed)}.")
    conform = {name: value for name, value in suggested.conform.items() if name != attribute}
    choices = [choice for choice in suggested.choices if choice.attribute != attribute]
    if not text:
        return replace(suggested, conform=conform, choices=tuple(choices))
    if attribute == "srs":
        return replace(suggested, conform=conform | {"srs": text})
    names = tuple(_column(name.strip(), columns) for name in text.split(AND))
    rule: Any = names[0] if len(names) == 1 else list(names)
    choices.append(Choice(attribute, rule, names, ()))
    return replace(suggested, conform=conform | {attribute: rule}, choices=tuple(choices))


def _column(name: str, columns: Sequence[str]) -> str:
    """The column of that name, in whatever case. Raises ValueError naming the nearest ones."""
    folded = {column.casefold(): column for column in reversed(columns)}
    if name in columns:
        return name
    if name.casefold() in folded:
        return folded[name.casefold()]
    near = [folded[each] for each in difflib.get_close_matches(name.casefold(), folded, 3)]
    raise ValueError(f"There is no column {name!r}{'; nearest: ' + ', '.join(near) if near else ''}.")


def choose_place(guessed: Place, given: Given, asker: Asker) -> Place:
    """The place that the source covers. Raises ProblemError where nobody knows a country."""
    if not given.country and not guessed.country and asker.takes_all:
        message = "It cannot be told in which country this is."
        raise ProblemError(Code.ANSWER_NEEDED, message, hint=COUNTRY)
    country = given.country or asker.text("Country, two letters", guessed.country, is_country)
    is_told = bool(given.state or given.county or given.city)
    # What is known of a place says nothing of another one.
    near = guessed if country.lower() == guessed.country else Place(country)
    state = given.state or asker.text("State or province (- for none)", near.state)
    near = near if state.lower() == near.state.lower() and not is_told else Place(country, state)
    county = given.county or asker.text("County (- for none)", near.county)
    city = given.city or asker.text("City (- for none)")
    return named(country, state, county, city, guessed)


def is_country(text: str) -> bool:
    """Whether it can be the code of a country."""
    return len(text) == 2 and text.isascii() and text.isalpha()


def choose_terms(origin: Origin, given: Given, asker: Asker) -> Origin:
    """Where there is more to read about the data, and on which terms it comes; what nobody says stays unknown."""
    website = given.website or asker.text("Web page about the data (empty: none)", origin.website)
    licence = given.licence or asker.text("Licence, an address or words (empty: not known)")
    suggested = str(origin.license.get("attribution name", ""))
    attribution = given.attribution or asker.text("Who has to be named (- for nobody)", suggested)
    return replace(origin, website=website, license=_terms(licence, attribution))


def _terms(licence: str, attribution: str) -> Mapping[str, Any]:
    key = "url" if licence.startswith(("http://", "https://")) else "text"
    said: dict[str, Any] = {key: licence} if licence else {}
    return said | ({"attribution": True, "attribution name": attribution} if attribution else {})
