"""GeoJSON that is deep, huge, cut, or has numbers and shapes that are none."""

import json
from collections.abc import Iterator
from typing import Any

from openaddr.errors import Code
from tests.hostile.case import HERE, Case, case, source

UNREADABLE, REJECTED, TRUNCATED = Code.DATA_UNREADABLE, Code.ROWS_REJECTED, Code.TRUNCATED
NO_COLUMN = Code.FIELD_NOT_FOUND
CONFORM = {"format": "geojson", "number": "no", "street": "street"}
POINT = '{"type":"Point","coordinates":[10,50]}'
FEATURE = '{"type":"Feature","properties":{"no":"5","street":"Main St"},"geometry":%s}'
GOOD = FEATURE % POINT
HEAD = '{"type":"FeatureCollection","features":['
BROKEN_SHAPE = "1 rows, 1 GEOMETRY_BROKEN"

GEOMETRIES: dict[str, tuple[str, str]] = {
    "of infinity": ('{"type":"Point","coordinates":[1e400,50]}', BROKEN_SHAPE),
    "of NaN": ('{"type":"Point","coordinates":[NaN,50]}', BROKEN_SHAPE),
    "of numbers as text": ('{"type":"Point","coordinates":["10","50"]}', BROKEN_SHAPE),
    "of nulls": ('{"type":"Point","coordinates":[null,null]}', BROKEN_SHAPE),
    "of no numbers": ('{"type":"Point","coordinates":[]}', "1 rows, 1 GEOMETRY_MISSING"),
    "of one number": ('{"type":"Point","coordinates":[10]}', BROKEN_SHAPE),
    "of true and false": ('{"type":"Point","coordinates":[true,false]}', BROKEN_SHAPE),
    "of an unknown type": ('{"type":"Circle","coordinates":[10,50]}', BROKEN_SHAPE),
    "without a type": ('{"coordinates":[10,50]}', "2 rows"),
    "whose type is a list": ('{"type":["Point"],"coordinates":[10,50]}', BROKEN_SHAPE),
    "that is a text": ('"POINT (10 50)"', BROKEN_SHAPE),
    "that is a list": ("[10,50]", BROKEN_SHAPE),
    "that is a number": ("5", BROKEN_SHAPE),
    "that is a feature": (GOOD, "2 rows"),
    "of a polygon that crosses itself": (
        '{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}',
        "2 rows",
    ),
    "of a polygon of two points": ('{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}', BROKEN_SHAPE),
    "of a polygon of one place": (
        '{"type":"Polygon","coordinates":[[[1,1],[1,1],[1,1],[1,1]]]}',
        "2 rows",
    ),
    "of a polygon whose hole is outside": (
        '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]],[[5,5],[6,5],[6,6],[5,5]]]}',
        "2 rows",
    ),
    "of a polygon with NaN": ('{"type":"Polygon","coordinates":[[[0,0],[NaN,0],[1,1],[0,0]]]}', BROKEN_SHAPE),
    "of a line of one place": ('{"type":"LineString","coordinates":[[0,0]]}', BROKEN_SHAPE),
    "of a collection in itself": (
        '{"type":"GeometryCollection","geometries":[' * 50 + "]}" * 50,
        "1 rows, 1 GEOMETRY_MISSING",
    ),
    "of 1e308": ('{"type":"Point","coordinates":[1e308,-1e308]}', "1 rows, 1 COORDINATES_OUTSIDE_CRS"),
    "of a position of 100,000 numbers": (
        f'{{"type":"Point","coordinates":[{",".join("1" * 100_000)}]}}',
        "2 rows",
    ),
}
"""The geometry of a second feature beside a good one, and what comes of both."""


def cases(family: str) -> Iterator[Case]:
    """All of them."""

    def found(name: str, body: Any, *expected: str, **conform: Any) -> Case:
        made = (lambda: body().encode()) if callable(body) else body if isinstance(body, bytes) else body.encode()
        whole = source(f"{HERE}/data.geojson", {**CONFORM, **conform})
        return case(family, f"GeoJSON {name}", whole, *expected, data__geojson=made)

    for name, (geometry, expected) in GEOMETRIES.items():
        yield found(f"with a geometry {name}", _collection(GOOD, FEATURE % geometry), expected)
    for name, body, *outcomes in (*_documents(), *_large()):
        yield found(name, body, *outcomes)


def _collection(*features: str) -> str:
    return f"{HEAD}{','.join(features)}]}}"


def _documents() -> Iterator[tuple[Any, ...]]:
    yield "of a number", "5", UNREADABLE
    yield "of a text", '"FeatureCollection"', UNREADABLE
    yield "of null", "null", UNREADABLE
    yield "of an empty object", "{}", UNREADABLE
    yield "of an empty list", "[]", NO_COLUMN
    yield "without features", '{"type":"FeatureCollection","features":[]}', NO_COLUMN
    yield "whose features are null", '{"type":"FeatureCollection","features":null}', NO_COLUMN
    yield "whose features are an object", '{"type":"FeatureCollection","features":{}}', UNREADABLE
    yield "whose features are numbers", _collection("1", "2", "3"), NO_COLUMN
    yield "whose features are lists", _collection("[]", "[[]]"), NO_COLUMN
    yield "whose features are partly numbers", _collection(GOOD, "7", "null"), REJECTED
    yield "that is cut in a feature", _collection(GOOD, GOOD)[:-30], TRUNCATED
    yield "that is cut after a comma", f"{HEAD}{GOOD},", TRUNCATED
    yield "that is cut before its end", _collection(GOOD)[:-1], TRUNCATED
    yield "that has rubbish between features", f"{HEAD}{GOOD} rubbish {GOOD}]}}", UNREADABLE
    yield "that has no comma between features", f"{HEAD}{GOOD}{GOOD}]}}", UNREADABLE
    yield "that has two commas between features", f"{HEAD}{GOOD},,{GOOD}]}}", UNREADABLE
    yield "with a NUL in a text", _collection(GOOD.replace("Main", "Ma\\u0000in")), "1 rows"
    yield "with half a character", _collection(GOOD, GOOD.replace("Main", "\\ud800")), "1 rows, 1 ROW_ENCODING"
    yield (
        "with bytes that are no UTF-8",
        _collection(GOOD, GOOD.replace("Main", "M\xe4n")).encode("latin-1"),
        "1 rows, 1 ROW_ENCODING",
    )
    yield "of UTF-16", _collection(GOOD).encode("utf-16"), "1 rows"
    yield "with a number of 5,000 digits", _collection(GOOD.replace('"5"', "9" * 5_000)), UNREADABLE
    yield "with the same property twice", _collection(GOOD.replace('"no"', '"no":"1","no"')), "1 rows"
    yield (
        "with properties of a list",
        _collection(GOOD, '{"type":"Feature","properties":[1],"geometry":null}'),
        "1 rows, 1 GEOMETRY_MISSING",
    )
    yield "with a system in a file", _crs("/etc/passwd"), "1 rows"
    yield "with a system from the network", _crs("http://127.0.0.1/a"), "1 rows"
    yield "with a system beyond integers", _crs("EPSG:" + "9" * 50), Code.CRS_UNKNOWN
    yield (
        "with a system of EPSG that is none",
        '{"crs":{"properties":{"code":1e9}},' + _collection(GOOD)[1:],
        "1 rows",
    )
    yield "of TopoJSON", '{"type":"Topology","objects":{"a":{"type":"Point"}}}', UNREADABLE
    yield "with lines that are no features", '{"a":1}\n{"b":2}\n', UNREADABLE
    yield "of a feature and a line that is none", f"{GOOD}\nrubbish\n", TRUNCATED


def _crs(name: str) -> str:
    return f'{{"crs":{{"type":"name","properties":{{"name":"{name}"}}}},{_collection(GOOD)[1:]}'


def _large() -> Iterator[tuple[Any, ...]]:
    yield "of 100,000 open lists", "[" * 100_000, UNREADABLE
    yield "of 100,000 open objects", '{"a":' * 100_000, UNREADABLE
    yield "with a property 100,000 deep", _collection(GOOD.replace('"5"', "[" * 100_000 + "]" * 100_000)), UNREADABLE
    yield "with a geometry 100,000 deep", _deep, UNREADABLE
    yield (
        "with a text of 10 MB",
        lambda: _collection(GOOD, GOOD.replace("Main", "a" * 10_000_000)),
        "1 rows, 1 VALUE_TOO_LONG",
    )
    yield "with a text of 140 MB", lambda: _collection(GOOD, GOOD.replace("Main", "a" * 140_000_000)), UNREADABLE
    yield (
        "with a million properties",
        lambda: _collection(GOOD.replace('"no"', _members(1_000_000) + ',"no"')),
        "1 rows",
    )
    yield (
        "with a name of a property of 1 MB",
        lambda: _collection(GOOD.replace('"no"', f'"{"n" * 1_000_000}":1,"no"')),
        "1 rows",
    )
    yield "with other properties in every feature", lambda: _collection(GOOD, *_different(20_000)), "20001 rows"
    yield "of 300,000 tiny features", lambda: _collection(GOOD, *["{}"] * 300_000), "1 rows, 300000 GEOMETRY_MISSING"
    yield "with a line of a million places", lambda: _collection(GOOD, FEATURE % _line(1_000_000)), "2 rows"
    yield "with 20 MB before its features", lambda: '{"x":"' + "a" * 20_000_000 + '",' + _collection(GOOD)[1:], "1 rows"
    yield (
        "with 140 MB before its features",
        lambda: '{"x":"' + "a" * 140_000_000 + '",' + _collection(GOOD)[1:],
        UNREADABLE,
    )
    yield "with 50 MB of blanks", lambda: " " * 50_000_000 + _collection(GOOD), "1 rows"
    yield (
        "with 50 MB behind its features",
        lambda: _collection(GOOD)[:-1] + ',"x":"' + "a" * 50_000_000 + '"}',
        "1 rows",
    )


def _deep() -> str:
    geometry = '{"type":"Point","coordinates":' + "[" * 100_000 + "]" * 100_000 + "}"
    return _collection(FEATURE % geometry)


def _members(count: int) -> str:
    return ",".join(f'"p{at}":1' for at in range(count))


def _different(count: int) -> list[str]:
    return [GOOD.replace('"no"', f'"p{at}":1,"no"') for at in range(count)]


def _line(count: int) -> str:
    return json.dumps({"type": "LineString", "coordinates": [[at % 90, at % 45] for at in range(count)]})
