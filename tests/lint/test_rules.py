"""Every rule fires on what it is made for, and not on what is next to it."""

from typing import Any

import pytest

from openaddr.errors import Code
from openaddr.lint.catalogue import CHECKS
from openaddr.lint.findings import Severity
from tests.lint.sources import (
    COVERAGE,
    ENTRY,
    GONE,
    conform,
    coverage,
    csv,
    entry,
    found,
    license,
    source,
)


def regexp(pattern: str, replace: str = "") -> dict[str, Any]:
    """A rule of the postcode with this pattern."""
    rule = {"function": "regexp", "field": "CITY_ZIP", "pattern": pattern}
    return source(conform(postcode=rule | ({"replace": replace} if replace else {})))


def chain(*steps: Any, variable: str = "wip") -> dict[str, Any]:
    """A street of these steps."""
    return source(conform(street={"function": "chain", "variable": variable, "functions": list(steps)}))


def join(*fields: str) -> dict[str, Any]:
    return {"function": "join", "fields": list(fields)}


def template(text: str) -> dict[str, Any]:
    return source(conform(unit={"function": "format", "fields": ["A", "B"], "format": text}))


def promising(**expected: str) -> dict[str, Any]:
    case = {"description": "x", "inputs": {"ADDRNUM": "1"}, "expected": expected}
    return source(entry(test={"description": "x", "acceptance-tests": [case]}))


FLAT = {key: value for key, value in ENTRY.items() if key != "name"} | {"coverage": COVERAGE}
TWICE = '{"schema": 2, "coverage": {"country": "us", "country": "us", "geometry": {"type": "Point"}}, "layers": {}}'
WHOLE = {"function": "prefixed_number", "field": "SITUS"}
GEOID = "US_Census"

# rule: (fires on, does not fire on)
CASES: dict[str, tuple[list[Any], list[Any]]] = {
    "key-repeated": ([TWICE], [TWICE.replace('"country": "us", ', "", 1)]),
    "schema-1": ([FLAT, FLAT | {"schema": 1}], [source()]),
    "schema": (
        [
            source(schema=1), source(layers=[]), source(coverage=GONE), source(entry(protocol="esri")),
            source(entry(timeout=0)), source(conform(headers=0)), source(conform(accuracy=9)), coverage(country="US"),
            source(conform(unit=5)), source(conform(unit={"function": "joinn"})), source(conform(unit=["A", 1])),
            source(conform(unit={"function": "regexp", "field": "A"})), source(conform(csvsplit="||")),
        ],
        [source(), source(conform(accuracy=2)), source(csv(headers=-1, lat="Y"))],
    ),
    "key-misspelt": (
        [source(conform(ctiy="CITY", city=GONE)), source(entry(licence="x", license=GONE)),
         coverage(US_Cenus={}, US_Census=GONE)],
        [source(conform(ctiy="CITY")), source(conform(xyzzy="A")), source(conform(unit="U"))],
    ),
    "key-unknown": (
        [source(conform(xyzzy="A")), source(conform(ctiy="CITY")), source(xyzzy=1)],
        [coverage(xyzzy=1), source(entry(contact={"xyzzy": 1}))],
    ),
    "regexp-unanchored": (
        [
            regexp("^([A-Z]{2})([0-9]{5})", "$2"), regexp("([0-9]{5})", "$1"), regexp(r"\(([0-9]{5})\)", "$1"),
            regexp("([0-9]+)(.*)~(.*), IL ([0-9]+)", "$4"), regexp("^.*?([0-9]{5})", "$1"), regexp("(IL)", "$1"),
        ],
        [
            regexp("^.*([0-9]{5})$", "$1"), regexp("(.*), .*", "$1"), regexp("^([A-Z]{2})([0-9]{5})"),
            regexp("^0+([1-9])", "$1"), regexp("^CTH (.+)", "$1"), regexp("^CTH ([0-9]+)", "County Highway $1"),
            regexp("(ST|AVE)[.]", "$1"), regexp("([A-Z])[.]", "$1"), regexp("([0-9]{3}) ([0-9]{2})", "$1$2"),
            regexp("^(.*?)(?: UNIT .*|$)", "$1"), regexp("([0-9]{5})(?=-)", "$1"), regexp("^([0-9]{5}", "$1"),
        ],
    ),
    "regexp-no-group": ([regexp("^[0-9]{5}")], [regexp("^([0-9]{5})"), regexp("^0", "1")]),
    "regexp-named-group": (
        [regexp("^(?P<zip>[0-9]{5}).*$", "$zip"), regexp("^(?P<zip>[0-9]{5}).*$", "${zip}")],
        [regexp("^(?P<zip>[0-9]{5}).*$", "$1"), regexp("^(?P<zip>[0-9]{5}).*$", r"\g<zip>"), regexp("(A)$", "$us")],
    ),
    "chain-unlinked": (
        [chain(join("A", "B"), join("C")), chain(join("A"), join("wip", "B")), chain(join("A"), "oa:x", variable="")],
        [chain(join("A", "B"), join("oa:wip", "C")), chain(join("A")), source(conform(street=join("A", "B")))],
    ),
    "variable-unset": (
        [source(conform(unit="oa:wip")), chain(join("oa:other"))],
        [source(conform(unit="oa:number")), chain(join("A"), join("oa:wip"))],
    ),
    "format-no-field": ([template("$1-$3"), template("$0")], [template("$1-$2"), template("$1")]),
    "field-blank": ([source(conform(unit="")), source(conform(unit=[" A"]))], [source(conform(unit="A B"))]),
    "field-twice": ([source(conform(unit=["A", "B", "A"]))], [source(conform(unit=["A", "B"]))]),
    "street-whole": (
        [source(conform(number=WHOLE, street="SITUS")), source(conform(number="SITUS", street="SITUS"))],
        [source(conform(number=WHOLE, street={"function": "postfixed_street", "field": "SITUS"}))],
    ),
    "city-code": (
        [source(conform(city=name)) for name in ("CityCode", "CITY_CD", "townID", "POST_CODE", "ZONE_NO")],
        [source(conform(city=name)) for name in ("CITY", "ZipCodeCity", "MUNICIPALID_NAME", "numicipali", "TURNO")],
    ),
    "place-as-column": (
        [source(conform(city="Alameda")), source(conform(region="CA")), source(conform(district="alameda"))],
        [source(conform(city="CITY")), source(conform(number="Alameda"))],
    ),
    "owner-address": (
        [source(conform(number="MAIL_NUM")), source(conform(street="OWNADD")), source(conform(street=["OWNER_ST"]))],
        [source(conform(city="MAIL_CITY")), source(conform(street="TOWNSTREET")), source(conform(number="MAIL_STOP"))],
    ),
    "id-unstable": (
        [source(conform(id="OBJECTID")), source(entry(conform={"format": "geojson", "pid": "fid"}), layer="parcels")],
        [source(conform(id="SITEADDID")), source(conform(unit="OBJECTID"))],
    ),
    "postcode-unusual": (
        [source(conform(postcode="F17"))],
        [source(csv(postcode="F17")), *(source(conform(postcode=name)) for name in ("PSTLZIP5", "PLZ", "po_code", ""))],
    ),
    "url-blanks": (
        [source(entry(data=f" {ENTRY['data']}")), source(entry(website="https://example.org/ "))],
        [source(entry(data="https://example.org/a b/MapServer/0"))],
    ),
    "url-malformed": (
        [source(entry(website="httpshttps://example.org")), source(license(url="ask them")),
         source(official_website="x")],
        [source(entry(website="ftp://example.org")), source(entry(website=""))],
    ),
    "url-unencrypted": ([source(entry(data=ENTRY["data"].replace("https", "http")))], [source()]),  # type: ignore[attr-defined]
    "url-secret": (
        [source(entry(data=f"{ENTRY['data']}?token=abc")), source(entry(data="https://me:secret@a.org/MapServer/0"))],
        [source(entry(data=f"{ENTRY['data']}?token=")), source(entry(data=f"{ENTRY['data']}?f=json"))],
    ),
    "esri-no-layer": (
        [source(entry(data=f"https://a.org/rest/services/{end}")) for end in ("A/MapServer", "FeatureServer/0/query")],
        [source(entry(data=f"https://a.org/rest/services/{end}")) for end in ("A/Mapserver/12", "FeatureServer/0/")],
    ),
    "protocol-differs": (
        [source(csv() | {"protocol": "ftp"}), source(csv() | {"data": ENTRY["data"]}),
         source(csv() | {"data": "ftp://a.org/a.csv"})],
        [source(), source(csv()), source(csv() | {"data": f"{ENTRY['data']}/query?f=geojson"})],
    ),
    "compression-unsaid": (
        [source(csv() | {"data": f"https://a.org/a.{end}"}) for end in ("zip", "ZIP", "csv.gz")],
        [source(csv()), source(csv() | {"data": "https://a.org/a.zip", "compression": "zip"})],
    ),
    "key-ignored": (
        [source(conform(srs="EPSG:2180")), source(entry(compression="zip")), source(csv(layer="a")),
         source(csv(format="shapefile"))],
        [source(csv(headers=1, skiplines=1)), source(conform(lon="X", lat="Y")), source(conform(lon=None))],
    ),
    "esri-format": ([source(conform(format="shapefile"))], [source()]),
    "skip-unexplained": (
        [source(entry(skip=True))],
        [source(entry(skip=True, note="gone")), source(entry(skip=False))],
    ),
    "coverage-country": ([coverage(country="ca")], [source(), coverage(country="US")]),
    "geoid-malformed": (
        [coverage(US_Census={"geoid": geoid}) for geoid in ("6001", "06-001", "٠٦٠٠١")],
        [coverage(US_Census={"geoid": geoid}) for geoid in ("06", "06001", "0600562", "0600190010")],
    ),
    "geoid-elsewhere": (
        [coverage(US_Census={"geoid": "53001"}), coverage(US_Census={"geoid": "52001"})],
        [source(), coverage(US_Census={"geoid": "5301"}), coverage(US_Census={"geoid": 6001})],
    ),
    "geoid-other-name": (
        [coverage(US_Census={"geoid": "06013", "name": "Alameda County"})],
        [source(), coverage(US_Census={"geoid": "06013"}), coverage(US_Census={"geoid": "0600562", "name": "Berkeley"}),
         coverage(US_Census={"geoid": "06075", "name": "City and County of San Francisco"}),
         coverage(US_Census={"geoid": "54075", "name": "Pocohontas County"}),
         coverage(US_Census={"geoid": "29186", "name": "Sainte Genevieve County"}),
         coverage(US_Census={"geoid": "35013", "name": "Doña Ana County"})],
    ),
    "county-elsewhere": (
        [coverage(US_Census={"geoid": "06013", "name": "Contra Costa County"})],
        [source(), coverage(US_Census={"geoid": "0600562", "name": "City of Oakland"}),
         coverage(city="Alameda", US_Census={"geoid": "06013", "name": "Contra Costa County"})],
    ),
    "iso-elsewhere": ([coverage(ISO_3166={"alpha2": "CA-ON"})], [coverage(ISO_3166={"alpha2": "US-CA"})]),
    "attribution-unnamed": (
        [source(license(**{"attribution name": GONE}))],
        [source(), source(license(attribution=False)),
         source(license(**{"attribution name": GONE}) | {"attribution": "A"})],
    ),
    "licence-no-url": (
        [source(license(url=GONE)), source(license(url="", text="Indemnification"))],
        [source(), source(license(url=GONE, text="Public Domain")), source(license(url=GONE, text="Anyone may. " * 9))],
    ),
    "licence-retired": ([source(entry(license="CC BY")), source(entry(attribution="A County"))], [source()]),
    "test-no-attribute": ([promising(housenumber="1")], [promising(number="1"), promising()]),
}  # fmt: skip


def test_every_rule_has_its_cases() -> None:
    assert set(CASES) == {check.code for check in CHECKS}
    assert len({check.code for check in CHECKS}) == len(CHECKS)


def test_nothing_is_said_of_a_good_source() -> None:
    assert found(source()) == []


@pytest.mark.parametrize(("rule", "bad"), [(rule, bad) for rule, (fires, _) in CASES.items() for bad in fires])
def test_a_rule_fires_where_it_has_to(rule: str, bad: Any) -> None:
    findings = [finding for finding in found(bad) if finding.rule == rule]
    assert findings
    assert all(finding.message.endswith(".") and finding.instead for finding in findings)


@pytest.mark.parametrize(("rule", "good"), [(rule, good) for rule, (_, quiet) in CASES.items() for good in quiet])
def test_a_rule_is_quiet_where_it_has_to_be(rule: str, good: Any) -> None:
    assert [finding for finding in found(good) if finding.rule == rule] == []


PROBLEMS: list[tuple[Code, Any]] = [
    (Code.SOURCE_JSON_INVALID, "{'a'}"),
    (Code.SOURCE_JSON_INVALID, b'{"a": "\xff"}'),
    (Code.SOURCE_SCHEMA, "[]"),
    (Code.SOURCE_TOO_LARGE, " " * 2_000_001),
    (Code.NAME_REPEATED, source(ENTRY, ENTRY)),
    (Code.COVERAGE_MISSING, coverage(US_Census=GONE)),
    (Code.CONFORM_MISSING, source(entry(conform=GONE))),
    (Code.REGEX_INVALID, regexp("(")),
    (Code.URL_INVALID, source(entry(data="gopher://a.org/MapServer/0"))),
    (Code.CRS_UNKNOWN, source(csv(srs="EPSG:1"))),
    (Code.ENCODING_UNKNOWN, source(csv(encoding="klingon"))),
    (Code.COORDINATES_NOT_MAPPED, source(csv(lat=GONE))),
]


@pytest.mark.parametrize(("code", "bad"), PROBLEMS, ids=[str(code) for code, _ in PROBLEMS])
def test_what_a_run_would_refuse_is_found_before_by_the_same_code(code: Code, bad: Any) -> None:
    severities = [finding.severity for finding in found(bad) if finding.rule == code]
    warned = code in (Code.NAME_REPEATED, Code.COVERAGE_MISSING)
    assert severities == [Severity.WARNING if warned else Severity.BUG]


def test_what_the_schema_tells_of_is_not_told_again_as_a_problem() -> None:
    assert [finding.rule for finding in found(source(entry(protocol="gopher")))] == ["schema"]
    assert [finding.rule for finding in found(source(entry(data=GONE)))] == ["schema"]


def test_in_a_source_that_is_skipped_everything_is_a_hint() -> None:
    bad = conform(postcode={"function": "regexp", "field": "A", "pattern": "("}) | {"skip": True, "note": "gone"}
    assert {(finding.rule, finding.severity) for finding in found(source(bad, ENTRY | {"name": "x"}))} == {
        ("REGEX_INVALID", Severity.HINT)
    }


@pytest.mark.parametrize(
    ("bad", "instead"),
    [
        (regexp("^([A-Z]{2})([0-9]{5})", "$1"), '"^([A-Z]{2})([0-9]{5}).*$"'),
        (regexp("([0-9]{5})", "$1"), "Leave out `replace`"),
        (regexp(r"\d{5}"), r'"(\\d{5})"'),
        (chain(join("A"), join("wip", "B")), '"oa:wip"'),
        (source(conform(unit={"function": "regex", "field": "A"})), '"regexp"'),
        (source(entry(compression="tar")), "zip"),
        (source(conform(ctiy="CITY", city=GONE)), "`city`"),
        (source(entry(timeout="long")), "Such as 6."),
    ],
)
def test_a_finding_says_what_to_write_instead(bad: Any, instead: str) -> None:
    (finding,) = found(bad)
    assert instead in finding.instead
