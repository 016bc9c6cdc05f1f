"""Names of columns that tell of a mistake.

What a column holds shows only in the data; a name is a hint. How rare a kind of name is among the real sources decides
whether it is one: the share is said with each pattern, of 2,676 files.
"""

import re
from collections.abc import Iterator

from openaddr.lint.findings import Found, Severity, quoted
from openaddr.lint.rules.check import Check
from openaddr.lint.subject import Entry, Subject
from openaddr.source.rules import Column, Merge, PrefixedNumber, Rule, columns_of

PLACES = ("city", "district", "region")
CODE = re.compile(r"(?i:code|_cd|_id|_no|_num)$|(?<=[a-z])(?:ID|No|Num)$")
"""8 of 1,756 cities."""
OWNER = re.compile(r"(?i)(?:^|_)own(?:er|r)?(?:_?(?:add|num|str|st|city|zip|name|no)|_)|(?:^|_)mail(?:ing)?(?!_?stop)")
"""2 of 2,578 numbers or streets. Of cities, 37 are from such columns, and right: the town that delivers the mail."""
ROW_NUMBERS = {"objectid", "objectid_1", "objectid_12", "fid", "fid_1", "gid", "ogc_fid"}
"""71 of 1,975 ids."""
POSTCODE = re.compile(r"(?i)zip|po_?st|z_?p|plz|code|indeks|cep$|cap$|zc|^pc$")
"""Of 1,008 postcodes that ESRI sources take as they are, 4 have another name. House numbers lose a `.0` anyway."""


def _blank(subject: Subject) -> Iterator[Found]:
    for entry, attribute, name in _columns(subject):
        if not name.strip():
            message = f"`{attribute}` reads the column {quoted(name)}, and no column is called so."
            yield Found(entry.rule_pointer(attribute), message)
        elif name.strip() != name:
            message = f"`{attribute}` reads the column {quoted(name)}, with blanks around its name."
            yield Found(entry.rule_pointer(attribute), message, "The name as the data has it, most likely without.")


def _repeated(subject: Subject) -> Iterator[Found]:
    for entry in subject.entries:
        for attribute, rule in entry.conform.rules:
            names = rule.fields if isinstance(rule, Merge) else ()
            twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
            if twice is not None:
                message = f"`{attribute}` has the column {quoted(twice)} twice, so its value comes twice."
                yield Found(f"{entry.rule_pointer(attribute)}/{names.index(twice)}", message)


def _same(subject: Subject) -> Iterator[Found]:
    """Number and street of an address from one column, which then has to be taken apart."""
    for entry in subject.entries:
        number, street = entry.rule("number"), entry.rule("street")
        whole = number.field if isinstance(number, PrefixedNumber) else _name(number)
        if whole and whole == _name(street):
            message = f"`street` is all of the column {quoted(whole)}, of which `number` is made, too."
            function = '{"function": "postfixed_street", "field": …}'
            yield Found(entry.rule_pointer("street"), message, f"Take the street out of it: {function}.")


def _code(subject: Subject) -> Iterator[Found]:
    for entry, attribute, name in _columns(subject):
        if attribute == "city" and CODE.search(name):
            message = f"`city` is taken from {quoted(name)}, which by its name is a code or number."
            yield Found(entry.rule_pointer(attribute), message)


def _constant(subject: Subject) -> Iterator[Found]:
    """The name of the place itself where the name of a column has to be."""
    for entry, attribute, name in _columns(subject):
        if attribute in PLACES and name.casefold() in _own_names(subject):
            message = f"`{attribute}` reads a column called {quoted(name)}, which is the name of the place itself."
            instead = f'For a fixed text write {{"function": "constant", "value": "{name}"}}.'
            yield Found(entry.rule_pointer(attribute), message, instead)


def _own_names(subject: Subject) -> set[str]:
    coverage, iso = subject.coverage, subject.object_at("/coverage/ISO 3166")
    values = [coverage.get(key) for key in ("city", "county", "state", "province", "region")]
    values += [value for key, value in iso.items() if key != "alpha2"]
    values.append(subject.id.rpartition("/")[2].replace("_", " "))
    return {value.casefold() for value in values if isinstance(value, str) and value}


def _owner(subject: Subject) -> Iterator[Found]:
    for entry in subject.entries:
        for attribute in ("number", "street"):
            rule = entry.rule(attribute)
            name = next((name for name in columns_of(rule) if OWNER.search(name)), None) if rule else None
            if name is not None:
                message = f"`{attribute}` is taken from {quoted(name)}, by its name the postal address of an owner."
                yield Found(entry.rule_pointer(attribute), message)


def _row_number(subject: Subject) -> Iterator[Found]:
    for entry, attribute, name in _columns(subject):
        if attribute in ("id", "pid") and name.casefold() in ROW_NUMBERS:
            message = f"`{attribute}` is {quoted(name)}, a row number, which the next export may give to another row."
            yield Found(entry.rule_pointer(attribute), message)


def _unusual(subject: Subject) -> Iterator[Found]:
    for entry in subject.entries:
        name = _name(entry.rule("postcode")).strip()
        if entry.parsed.protocol == "ESRI" and name and not POSTCODE.search(name):
            message = f"`postcode` is taken as it is from {quoted(name)}, which no other source calls its postcode."
            yield Found(entry.rule_pointer("postcode"), message)


def _columns(subject: Subject) -> Iterator[tuple[Entry, str, str]]:
    """Entry, attribute and name of each column that a conform takes as it is, alone or in a list."""
    for entry in subject.entries:
        for attribute, rule in entry.conform.rules:
            for name in (rule.name,) if isinstance(rule, Column) else rule.fields if isinstance(rule, Merge) else ():
                yield entry, attribute, name


def _name(rule: Rule | None) -> str:
    return rule.name if isinstance(rule, Column) else ""


CHECKS = (
    Check("field-blank", Severity.WARNING, "The name of a column is empty or has blanks around it",
          "Take out the attribute, or name a column.", _blank),
    Check("field-twice", Severity.WARNING, "A list names the same column twice", "Each column once.", _repeated),
    Check("street-whole", Severity.BUG, "The street is all of the column of which the number is made",
          "`prefixed_number` for the number, `postfixed_street` for the street.", _same),
    Check("city-code", Severity.WARNING, "The city comes from a column that by its name holds codes",
          "The column of names; or a `map` from the codes to names.", _code),
    Check("place-as-column", Severity.WARNING, "The name of the place stands where the name of a column has to be",
          'For a fixed text `{"function": "constant", "value": …}`.', _constant),
    Check("owner-address", Severity.WARNING, "Number or street come from a column that is called a postal address",
          "The address of the place itself, often `SITUS_…`, `PROP_…` or `LOC_…`.", _owner),
    Check("id-unstable", Severity.HINT, "The id is a row number of the database, which does not last",
          "The publisher's own id; or none, then rows are told apart by what they say.", _row_number),
    Check("postcode-unusual", Severity.HINT,
          "An ESRI source takes the postcode as it is from a column of a rare name",
          "Look at its values: decimal numbers come as 12345.0, which `regexp` with `([0-9]+)` mends.", _unusual),
)  # fmt: skip
