"""Texts that try to be more than text where they are shown, and texts that swell."""

import json
from collections.abc import Iterator
from typing import Any

from openaddr.errors import Code
from tests.hostile.case import CONFORM, HEADER, HERE, ROWS, Case, World, case, source

FAMILY = "strings"
TEXTS = {
    "an escape that clears the terminal": "\x1b[2J\x1b[H",
    "an escape that renames the terminal": "\x1b]0;evil\x07",
    "an escape of one byte": "\x9b2J",
    "a change of direction": "\u202etS niaM\u202c",
    "isolates of direction": "\u2066\u2067evil\u2069",
    "a NUL": "Main\0St",
    "every control character": "".join(map(chr, range(1, 10))) + "\x0b\x0c" + "".join(map(chr, range(14, 32))) + "\x7f",
    "a formula": "=cmd|' /C calc'!A0",
    "a formula with a plus": "+1+1",
    "a formula with an at": "@SUM(1+1)",
    "a script": "<script>alert(document.cookie)</script>",
    "an image with a handler": '"><img src=x onerror=alert(1)>',
    "an entity": "&lt;&amp;&#x3c;&nbsp;",
    "markdown": "[evil](javascript:alert(1)) `code` **bold** | a | b |\n\n# Title",
    "a format string": "%s%n%x{0.__class__}{}",
    "a template": "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "a command": "$(id) `id` ; rm -rf / | cat",
    "SQL": "'; DROP TABLE runs; --",
    "a path": "../../../../etc/passwd",
    "marks on marks": "Z" + "\u0351\u0363\u0315" * 500,
    "nothing to see": "\u200b\u200c\u200d\u2060\ufeff",
    "tags": "".join(chr(0xE0000 + ord(letter)) for letter in "evil"),
    "the last of Unicode": "\U0010ffff\uffff\ufffe",
    "private use": "\ue000\U000f0000",
    "line separators": "Main\u2028St\u2029\x85",
    "a dotless i that folds": "İıſK",
    "letters that grow": "ŉǰΐﬃ" * 1000,
    "a number for spreadsheets": "1E5",
    "one letter a million times": "a" * 60_000,
}
"""Values of a row; each is data, and comes out as it went in."""


def cases(_: World) -> Iterator[Case]:
    """All of them."""
    for name, text in TEXTS.items():
        yield _value(f"a street with {name}", text)
    for name in ("an escape that clears the terminal", "a script", "a change of direction", "a NUL", "markdown"):
        yield from _in_source(name, TEXTS[name])
    yield from _swelling()
    yield from _long()


def _value(name: str, text: str) -> Case:
    quoted = text.replace('"', '""')
    return case(FAMILY, name, source(), "2 rows", data__csv=f'{ROWS}5,"{quoted}",10,50\n'.encode())


def _in_source(name: str, text: str) -> Iterator[Case]:
    licence = {"text": text, "url": f"javascript:{text}", "attribution": True, "attribution name": text}
    yield _good(f"a licence with {name}", source(license=licence, website=text), "1 rows")
    yield _good(f"an address with {name}", source(f"{HERE}/{text}.csv"), Code.HTTP_404, Code.URL_INVALID)
    yield _good(
        f"a column with {name}", source(conform={**CONFORM, "number": text, "street": text}), Code.FIELD_NOT_FOUND
    )
    yield _good(f"a file with {name}", source(conform={**CONFORM, "file": text}), "1 rows")
    constant = {"function": "constant", "value": text}
    yield _good(f"a constant with {name}", source(conform={**CONFORM, "city": constant}), "1 rows")


def _good(name: str, found: Any, *expected: str) -> Case:
    return case(FAMILY, name, found, *expected, data__csv=ROWS.encode())


def _swelling() -> Iterator[Case]:
    long = "a" * 60_000
    data = f"{ROWS}5,{long},10,50\n".encode()

    def swelling(name: str, rule: dict[str, Any]) -> Case:
        conform = {**CONFORM, "city": rule}
        return case(
            FAMILY, f"more than 64 KB by {name}", source(conform=conform), "1 rows, 1 VALUE_TOO_LONG", data__csv=data
        )

    yield swelling("join", {"function": "join", "fields": ["street", "street"]})
    yield swelling("format", {"function": "format", "fields": ["street"], "format": "$1 $1"})
    yield swelling("regexp", {"function": "regexp", "field": "street", "pattern": "(a{50})", "replace": "$1$1"})
    table = {"function": "map", "field": "street", "mapping": {"Main St": "b" * 70_000}}
    yield _good("more than 64 KB by a table", source(conform={**CONFORM, "city": table}), Code.FUNCTION_INVALID)
    chain = [{"function": "join", "fields": ["street", "oa:v"]}, {"function": "get", "field": "oa:v", "index": 0}]
    yield swelling("a step of a chain", {"function": "chain", "variable": "v", "functions": [*chain, chain[0]]})
    constant = {"function": "constant", "value": "b" * 70_000}
    yield _good("more than 64 KB by a constant", source(conform={**CONFORM, "city": constant}), Code.FUNCTION_INVALID)
    listed = source(conform={**CONFORM, "city": ["street"] * 2})
    yield case(FAMILY, "more than 64 KB by a list", listed, "1 rows, 1 VALUE_TOO_LONG", data__csv=data)


def _long() -> Iterator[Case]:
    plain = f"{HEADER}5,{'a' * 1_000_000},10,50\n".encode()
    yield case(FAMILY, "a street of 1 MB", source(), Code.ROWS_REJECTED, data__csv=plain)
    many = HEADER + "".join(f"5,{'b' * 60_000}{at},10,50\n" for at in range(500))
    yield case(FAMILY, "500 streets of 60 KB", source(), "500 rows", data__csv=many.encode())
    features = [
        {
            "type": "Feature",
            "properties": {"no": {"a": ["é" * 1000] * 100}, "street": None},
            "geometry": {"type": "Point", "coordinates": [1, 1]},
        }
    ]
    nested = source(f"{HERE}/data.geojson", {"format": "geojson", "number": "no", "street": "street"})
    body = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    yield case(FAMILY, "a number that is an object of 200 KB", nested, Code.ROWS_REJECTED, data__geojson=body)
    yield _good("a website of 1 MB", source(website="http://a/" + "a" * 1_000_000), "1 rows")
    yield _good("a licence of 1 MB", source(license="a" * 1_000_000), "1 rows")
