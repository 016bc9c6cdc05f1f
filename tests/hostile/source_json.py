"""Source files that are no JSON, no source, or one that asks for too much."""

import json
from collections.abc import Iterator
from typing import Any

from openaddr.errors import Code
from tests.hostile.case import CONFORM, HERE, ROWS, Case, World, case, source

FAMILY = "json"
CSV = ROWS.encode()
INVALID, SCHEMA, TOO_LARGE = Code.SOURCE_JSON_INVALID, Code.SOURCE_SCHEMA, Code.SOURCE_TOO_LARGE
FUNCTION, GOOD = Code.FUNCTION_INVALID, "1 rows"
TEXT = json.dumps(source(), indent=1)

BROKEN: dict[str, bytes] = {
    "an empty file": b"",
    "blanks only": b" \n\t\r\n",
    "a NUL": b"\0",
    "a megabyte of NULs": bytes(1_000_000),
    "a word": b"nothing",
    "an open object": b"{",
    "an open text": b'{"schema": "2',
    "a lone bracket": b"]",
    "half a source": TEXT[: len(TEXT) // 2].encode(),
    "a source with a comma at its end": TEXT[:-1].encode() + b",}",
    "a source with a comment": b"// a comment\n" + TEXT.encode(),
    "a source with rubbish behind it": TEXT.encode() + b"rubbish",
    "two sources": TEXT.encode() * 2,
    "single quotes": TEXT.replace('"', "'").encode(),
    "names without quotes": b"{schema: 2}",
    "NaN": b'{"schema": NaN}',
    "Infinity": b'{"schema": -Infinity}',
    "a number with a leading zero": b'{"schema": 02}',
    "a number in hexadecimal": b'{"schema": 0x2}',
    "a number of 5,000 digits": b'{"schema": ' + b"9" * 5000 + b"}",
    "a line feed in a text": b'{"schema": "a\nb"}',
    "an unknown escape": b'{"schema": "\\q"}',
    "a cut escape": b'{"schema": "\\u12"}',
    "half a character": TEXT.replace("town", "\\ud800").encode(),
    "the other half of a character": TEXT.replace("town", "\\udc00").encode(),
    "halves in the wrong order": TEXT.replace("town", "\\udc00\\ud800").encode(),
    "half a character as a name": b'{"\\ud83d": 1}',
    "bytes that are no UTF-8": TEXT.replace("town", "caf\xe9").encode("latin-1"),
    "overlong UTF-8": TEXT.encode().replace(b"town", b"\xc0\xaf"),
    "a surrogate in UTF-8": TEXT.encode().replace(b"town", b"\xed\xa0\x80"),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "UTF-32": TEXT.encode("utf-32"),
    "two byte order marks": b"\xef\xbb\xbf" * 2 + TEXT.encode(),
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "YAML": b"!!python/object/apply:os.system ['id']\n",
    "a pickle": b"cos\nsystem\n(S'id'\ntR.",
    "a gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\xff",
}
"""Files that are not JSON."""
DEEP = {
    "100,000 open lists": b"[" * 100_000,
    "100,000 open objects": b'{"a":' * 100_000,
    "100,000 lists": b"[" * 100_000 + b"]" * 100_000,
    "a list 65 deep": b'{"a":' + b"[" * 65 + b"]" * 65 + b"}",
    "2,000,001 bytes": b'{"a": "' + b"a" * 1_999_992 + b'"}',
    "20 MB of blanks": b" " * 20_000_000 + TEXT.encode(),
    "5 MB of one number": b'{"a": ' + b"1" * 5_000_000 + b"}",
}
"""More than a source file may have."""

WRONG: tuple[tuple[str, Any], ...] = (
    ("null", None), ("true", True), ("a negative number", -7), ("half a number", 1.5), ("nothing", ""), ("a list", []),
    ("an object", {}), ("a list of lists", [[[1]]]), ("a number beyond floats", 10**400),
)  # fmt: skip
"""Values that are put where something else belongs."""

PLACES: dict[str, tuple[str, dict[str, str]]] = {
    "": (SCHEMA, {"an object": SCHEMA}),
    "schema": (GOOD, {}),
    "layers": (SCHEMA, {"an object": Code.LAYER_UNKNOWN}),
    "layers/addresses": (SCHEMA, {"a list": Code.LAYER_UNKNOWN, "a list of lists": SCHEMA}),
    "layers/addresses/0": (SCHEMA, {}),
    "coverage": (GOOD, {}),
    "name": (SCHEMA, {}),
    "protocol": (SCHEMA, {}),
    "data": (SCHEMA, {}),
    "compression": (SCHEMA, {"null": GOOD, "nothing": GOOD}),
    "conform": (SCHEMA, {"null": Code.CONFORM_MISSING}),
    "request": (SCHEMA, {"null": GOOD, "an object": GOOD}),
    "test": (SCHEMA, {"null": GOOD, "an object": GOOD}),
    "website": (SCHEMA, {"null": GOOD, "nothing": GOOD}),
    "license": (GOOD, {}),
    "conform/format": (SCHEMA, {}),
    "conform/file": (SCHEMA, {"null": GOOD, "nothing": GOOD}),
    "conform/encoding": (SCHEMA, {"null": GOOD, "nothing": GOOD}),
    "conform/csvsplit": (SCHEMA, {"null": GOOD, "nothing": GOOD}),
    "conform/headers": (SCHEMA, {"null": GOOD}),
    "conform/skiplines": (SCHEMA, {"null": GOOD}),
    "conform/srs": (SCHEMA, {"null": GOOD, "nothing": GOOD}),
    "conform/lon": (
        FUNCTION,
        {
            "null": Code.COORDINATES_NOT_MAPPED,
            "nothing": Code.FIELD_NOT_FOUND,
            "a list": GOOD,
            "a negative number": GOOD,
            "a number beyond floats": Code.ROWS_REJECTED,
        },
    ),
    "conform/number": (
        FUNCTION,
        {"nothing": GOOD, "a list": GOOD, "a negative number": GOOD, "a number beyond floats": GOOD},
    ),
}
"""By pointer, below the entry but for the first six: what comes of wrong values, and of those that are right there.

Numbers are constants, and no name of a column is an empty text.
"""


def cases(world: World) -> Iterator[Case]:
    """All of them."""
    for name, raw in BROKEN.items():
        yield case(FAMILY, f"no JSON: {name}", raw, INVALID)
    for name, raw in DEEP.items():
        yield case(FAMILY, f"too much JSON: {name}", raw, TOO_LARGE)
    yield from _odd()
    yield from _misplaced()
    yield from _named()
    yield from _settings(world)
    yield from _functions()
    yield from _tests()
    yield from _many()


def _good(name: str, found: Any, *expected: str, runs: int = 1) -> Case:
    return case(FAMILY, name, found, *expected, runs=runs, data__csv=CSV)


def _odd() -> Iterator[Case]:
    yield _good("JSON with a byte order mark", b"\xef\xbb\xbf" + TEXT.encode(), GOOD)
    yield _good("JSON with the member layers twice", TEXT.encode()[:-1] + b', "layers": {"parcels": 1}}', SCHEMA)
    yield _good("JSON with a million members that mean nothing", _padded(100_000), GOOD)
    yield _good("JSON 60 deep in a member that means nothing", _with_member(b"[" * 60 + b"]" * 60), GOOD)
    yield _good("JSON with a text of 1.9 MB that means nothing", _with_member(b'"' + b"a" * 1_900_000 + b'"'), GOOD)
    yield _good("JSON with 1e400 in a member that means nothing", _with_member(b"1e400"), GOOD)
    yield _good("JSON with escapes for everything", _escaped(), GOOD)
    yield _good("JSON on 100,000 lines", TEXT.encode().replace(b"\n", b"\n" * 5_000), GOOD)


def _with_member(value: bytes) -> bytes:
    return TEXT.encode()[:-1] + b', "nothing": ' + value + b"}"


def _padded(count: int) -> bytes:
    return _with_member(b"{" + b",".join(b'"%d":1' % at for at in range(count)) + b"}")


def _escaped() -> bytes:
    text = TEXT.replace(HERE, "HERE").replace("addresses", "".join(f"\\u{ord(letter):04x}" for letter in "addresses"))
    return text.replace("HERE", HERE).encode()


def _misplaced() -> Iterator[Case]:
    for place, (wrong, right) in PLACES.items():
        for name, value in WRONG:
            yield _good(f"{name} as {place or 'the whole file'}", _put(place, value), right.get(name, wrong))


def _put(place: str, value: Any) -> Any:
    """A source with another value at a pointer."""
    whole = source()
    if not place:
        return value
    in_entry = place.split("/")[0] not in whole
    target: Any = whole["layers"]["addresses"][0] if in_entry else whole
    *path, last = (int(step) if step == "0" else step for step in place.split("/"))
    if path == ["conform"]:
        target["conform"] = dict(CONFORM)
    for step in path:
        target = target[step]
    target[last] = value
    return whole


NAMES = {
    "climbs": "../../../evil",
    "is absolute": "/tmp/evil",
    "is a dot": ".",
    "is two dots": "..",
    "has a NUL": "a\0b",
    "has a line feed": "a\nb",
    "has an escape for terminals": "\x1b[2J\x1b]0;evil\x07",
    "turns the writing around": "\u202egnp.exe",
    "is a family": "👨‍👩‍👧‍👦",
    "has 100,000 characters": "n" * 100_000,
    "has 80 characters of four bytes": "𝕏" * 80,
    "is a device of Windows": "CON",
    "is hidden": ".work-",
    "looks like a failed run": "town.failed",
    "is a script": "<script>alert(1)</script>",
    "is an option": "--output=/tmp",
    "is a template": "{0.__class__}%s%n${HOME}`id`$(id)",
    "has a noncharacter": "a\uffff\ufdd0b",
    "has backslashes": "..\\..\\evil",
}


def _named() -> Iterator[Case]:
    for told, name in NAMES.items():
        yield _good(f"a name that {told}", source(name=name), GOOD)
        yield _good(f"a layer whose name {told}", source(layer=name), Code.LAYER_UNKNOWN)
    for told, name in (("only blanks", "   "), ("a blank at its end", "town "), ("a line feed at its end", "town\n")):
        yield _good(f"a name of {told}", source(name=name), SCHEMA)


def _settings(world: World) -> Iterator[Case]:
    for told, key, value, expected in (
        ("a separator of two characters", "csvsplit", ";;", SCHEMA),
        ("a quote as separator", "csvsplit", '"', SCHEMA),
        ("a line feed as separator", "csvsplit", "\n", SCHEMA),
        ("a NUL as separator", "csvsplit", "\0", Code.FIELD_NOT_FOUND),
        ("a separator outside of the first plane", "csvsplit", "𝕏", Code.FIELD_NOT_FOUND),
        ("headers on line 0", "headers", 0, SCHEMA),
        ("headers on line 10 to the 18th", "headers", 10**18, SCHEMA),
        ("headers on a line that is not there", "headers", 999_999, Code.DATA_UNREADABLE),
        ("a million lines to skip", "skiplines", 1_000_000, Code.DATA_UNREADABLE),
        ("the encoding rot13", "encoding", "rot13", Code.ENCODING_UNKNOWN),
        ("the encoding zlib", "encoding", "zlib", Code.ENCODING_UNKNOWN),
        ("the encoding idna", "encoding", "idna", Code.ENCODING_UNKNOWN),
        ("the encoding unicode_escape", "encoding", "unicode_escape", Code.ENCODING_UNKNOWN),
        ("the encoding undefined", "encoding", "undefined", Code.ENCODING_UNKNOWN),
        ("the encoding utf-7", "encoding", "utf-7", Code.ENCODING_UNKNOWN),
        ("an encoding with a NUL", "encoding", "utf-8\0", Code.ENCODING_UNKNOWN),
        ("an encoding that climbs", "encoding", "../../evil", Code.ENCODING_UNKNOWN),
        ("an encoding of 100,000 characters", "encoding", "a" * 100_000, Code.ENCODING_UNKNOWN),
        ("an encoding that is a module", "encoding", "os.path", Code.ENCODING_UNKNOWN),
        ("a system that is an address", "srs", f"{world.canary_url}/a.prj", Code.CRS_UNKNOWN),
        ("a system that is a file", "srs", str(world.canary), Code.CRS_UNKNOWN),
        ("a system in a file", "srs", f"@{world.canary.with_suffix('.prj')}", Code.CRS_UNKNOWN),
        ("a grid in a file", "srs", f"+proj=longlat +nadgrids={world.canary} +type=crs", Code.CRS_UNKNOWN),
        ("a grid in an optional file", "srs", f"+proj=longlat +nadgrids=@{world.canary} +type=crs", Code.CRS_UNKNOWN),
        ("a grid of heights in a file", "srs", f"+proj=longlat +geoidgrids={world.canary} +type=crs", Code.CRS_UNKNOWN),
        ("an init file", "srs", f"+init={world.canary}:1", Code.CRS_UNKNOWN),
        ("a pipeline", "srs", "+proj=pipeline +step +proj=utm +zone=33", GOOD),
        ("a grid from the network", "srs", f"+proj=hgridshift +grids={world.canary_url}/a.tif", Code.CRS_UNKNOWN),
        ("a system of GDAL from the network", "srs", f"/vsicurl/{world.canary_url}/a.prj", Code.CRS_UNKNOWN),
        ("a system of 1 MB", "srs", "+proj=utm " * 100_000, Code.CRS_UNKNOWN),
        ("a system in open brackets", "srs", "GEOGCS[" * 50_000, Code.CRS_UNKNOWN),
        ("a system as PROJJSON 10,000 deep", "srs", '{"a":' * 10_000, Code.CRS_UNKNOWN),
        ("a system with a NUL", "srs", "EPSG:4326\0", Code.CRS_UNKNOWN),
        ("a system of another planet", "srs", "IAU_2015:49900", Code.CRS_UNKNOWN),
        ("a system of heights alone", "srs", "EPSG:5703", Code.CRS_UNKNOWN),
        ("a system that was never given", "srs", "EPSG:99999999999999999999", Code.CRS_UNKNOWN),
        ("a system by SQL", "srs", "EPSG:4326'; DROP TABLE crs_view; --", Code.CRS_UNKNOWN),
        ("a column of 1 MB as number", "number", "n" * 1_000_000, GOOD),
        ("100,000 columns as number", "number", ["no"] * 100_000, FUNCTION),
        ("an accuracy beyond integers", "accuracy", 10**30, GOOD),
        ("a longitude of 200 columns", "lon", ["x"] * 200, Code.ROWS_REJECTED),
    ):
        yield _good(f"a conform with {told}", source(conform={**CONFORM, key: value}), str(expected))
    for told, headers, expected in (
        ("a line feed", {"X-A": "a\r\nHost: evil"}, SCHEMA),
        ("a line feed in its name", {"X\r\nA": "a"}, SCHEMA),
        ("letters that HTTP has not", {"X-A": "日本"}, SCHEMA),
        ("a number", {"X-A": 5}, SCHEMA),
        ("an empty name", {"": "a"}, SCHEMA),
        ("another host", {"Host": "evil.example"}, GOOD),
        ("a length", {"Content-Length": "5", "Transfer-Encoding": "chunked"}, GOOD),
        ("a megabyte", {"X-A": "a" * 1_000_000}, Code.HTTP_4XX),
    ):
        yield _good(f"a request header with {told}", source(request={"headers": headers}), str(expected))


def _functions() -> Iterator[Case]:
    def rule(told: str, value: Any, *expected: str) -> Case:
        return _good(f"a function: {told}", source(conform={**CONFORM, "street": value}), *expected)

    yield rule("unknown", {"function": "eval", "field": "street"}, FUNCTION)
    yield rule("without a name", {"field": "street"}, FUNCTION)
    yield rule("whose name is a list", {"function": ["join"]}, FUNCTION)
    yield rule("that is called __class__", {"function": "__class__"}, FUNCTION)
    yield rule("without its field", {"function": "regexp", "pattern": "a"}, FUNCTION)
    yield rule("with a field that is a number", {"function": "get", "field": 5, "index": 0}, FUNCTION)
    yield rule("with an index beyond integers", {"function": "get", "field": "street", "index": 10**30}, FUNCTION)
    yield rule("with an index of 64 bits", {"function": "get", "field": "street", "index": 2**63 - 1}, FUNCTION)
    yield rule("with a negative index of 64 bits", {"function": "get", "field": "street", "index": -(2**63)}, FUNCTION)
    yield rule("a chain of no steps", {"function": "chain", "functions": []}, FUNCTION)
    yield rule("a chain of 64 steps", _chain(64), GOOD)
    yield rule("a chain of 65 steps", _chain(65), FUNCTION)
    yield rule("a chain of 10,000 steps", _chain(10_000), FUNCTION)
    yield rule("chains 8 deep", _nested(8), GOOD)
    yield rule("chains 9 deep", _nested(9), FUNCTION)
    yield rule("chains of 20 in chains of 20 in chains of 20", _tree(3, 20), FUNCTION)
    yield rule("a chain that is its own variable", {**_chain(2), "variable": "street"}, GOOD)
    yield rule("a chain whose variable is a list", {**_chain(2), "variable": ["a"]}, FUNCTION)
    table = {str(at): at for at in range(100_000)}
    yield rule("a table of 100,000 values", {"function": "map", "field": "street", "mapping": table}, GOOD)
    lists = {"function": "map", "field": "street", "mapping": {"a": []}}
    yield rule("a table of lists", lists, FUNCTION)
    yield rule("a table that is none", {"function": "map", "field": "street", "mapping": 5}, FUNCTION)
    yield rule("a constant that is a list", {"function": "constant", "value": [1]}, FUNCTION)
    yield rule("a join of 10,000 fields", {"function": "join", "fields": ["street"] * 10_000}, FUNCTION)
    form = {"function": "format", "fields": ["street"], "format": "$99999999999999999999 $0 $-1 $1 $"}
    yield rule("a template of fields that are not there", form, GOOD)


def _chain(steps: int) -> dict[str, Any]:
    step = {"function": "regexp", "field": "oa:v", "pattern": "^(.*)$", "replace": "$1"}
    first = {"function": "regexp", "field": "street", "pattern": "(.*)"}
    return {"function": "chain", "variable": "v", "functions": [first, *[step] * (steps - 1)]}


def _nested(depth: int) -> Any:
    found: Any = {"function": "regexp", "field": "street", "pattern": "(.*)"}
    for _ in range(depth):
        found = {"function": "chain", "variable": "v", "functions": [found]}
    return found


def _tree(depth: int, width: int) -> Any:
    found: Any = {"function": "regexp", "field": "street", "pattern": "(.+)"}
    for _ in range(depth):
        found = {"function": "chain", "variable": "v", "functions": [found] * width}
    return found


def _tests() -> Iterator[Case]:
    def tests(told: str, value: Any, *expected: str) -> Case:
        return _good(f"acceptance tests: {told}", source(test=value), *expected)

    yield tests("a word", {"acceptance-tests": "all"}, SCHEMA)
    yield tests("a list of lists", {"acceptance-tests": [[]]}, SCHEMA)
    yield tests("inputs that are a list", {"acceptance-tests": [{"inputs": [], "expected": {}}]}, SCHEMA)
    nothing = {"inputs": {"no": None}, "expected": {"number": None}}
    yield tests("of nothing", {"acceptance-tests": [nothing]}, GOOD)
    deep = {"inputs": {"no": {"a": [{"b": []}]}}, "expected": {"number": "5"}}
    yield tests("inputs that are objects", {"acceptance-tests": [deep]}, Code.TEST_FAILED)
    unknown = {"inputs": {"no": "5"}, "expected": {"__class__": "5"}}
    yield tests("of an attribute that is none", {"acceptance-tests": [unknown]}, Code.TEST_FAILED)
    long = {"inputs": {"no": "5" * 100_000}, "expected": {"number": "6"}, "description": "\x1b[2J" * 10_000}
    yield tests("with texts of 100 KB", {"acceptance-tests": [long]}, Code.TEST_FAILED)
    one = {"inputs": {"no": "5"}, "expected": {"number": "5"}}
    yield tests("10,000 of them", {"acceptance-tests": [one] * 10_000}, GOOD)
    evil = {"function": "regexp", "field": "no", "pattern": "^(a+)+$"}
    slow = {"acceptance-tests": [{"inputs": {"no": "a" * 40 + f"!{at}"}, "expected": {}} for at in range(100)]}
    runaway = source(conform={**CONFORM, "number": evil}, test=slow)
    yield _good("acceptance tests: 100 on which a pattern runs away", runaway, Code.REGEX_TOO_SLOW)
    yield tests("switched off and broken", {"enabled": False, "acceptance-tests": "none"}, GOOD)


def _many() -> Iterator[Case]:
    entry = source()["layers"]["addresses"][0]
    broken = [entry | {"name": f"town {at}", "data": "gopher://x/"} for at in range(500)]
    yield _good("500 sources that cannot be", _layers({"addresses": broken}), Code.URL_INVALID, runs=500)
    same = [entry | {"data": "gopher://x/"}] * 300
    yield _good("300 sources of one name", _layers({"addresses": same}), Code.URL_INVALID, runs=300)
    unknown = {f"layer {at}": [entry] for at in range(500)}
    yield _good("500 layers that are none", _layers(unknown), Code.LAYER_UNKNOWN, runs=500)
    yield _good("501 layers", _layers({f"layer {at}": 0 for at in range(501)}), TOO_LARGE)
    yield _good("a layer of 400,000 lists", _layers({"addresses": [[]] * 400_000}), TOO_LARGE)
    yield _good("a source of schema 3 without layers", {"schema": 3}, SCHEMA)
    yield _good("a flat source of schema 1 with nothing in it", {}, SCHEMA)
    yield _good("a skip that is a text", source(skip="no", data="gopher://x/"), Code.SOURCE_SKIP)


def _layers(layers: Any) -> Any:
    return {**source(), "layers": layers}
