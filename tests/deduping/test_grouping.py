"""Which rows are one address, and which of them is the best."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.deduping.inputs import Input
from openaddr.deduping.keys import number_key, street_key, unit_key
from openaddr.deduping.locality import Locality, locality
from openaddr.deduping.places import NEAR, places
from tests.deduping.builds import CITY, COUNTY, MAIN, of_rows

METRE = NEAR / 11.1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Main Street", "MAIN ST."),
        ("St. Mary's Road", "Saint Marys Rd"),
        ("Rue de la République", "RUE DE LA REPUBLIQUE"),
        ("Hauptstraße", "HAUPTSTRASSE"),
        ("Hauptstraße", "Hauptstr."),
        ("North  West 4th Ave", "n west 4TH avenue"),
        ("Calle Mayor", "C/ Mayor"),
        ("Lindenstraße 2", "lindenstr 2"),
        ("ＭＡＩＮ ST", "main st"),
    ],
)
def test_spellings_of_one_street_are_one(one: str, other: str) -> None:
    assert street_key(one) == street_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Main St", "Main Ave"),
        ("1st St", "11st St"),
        ("N Main St", "S Main St"),
        ("Mainstay", "Main St Ay"),
        ("中山路", "中山北路"),
    ],
)
def test_other_streets_stay_others(one: str, other: str) -> None:
    assert street_key(one) != street_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 A", "12a"),
        ("0012", "12"),
        ("12-B", "12b"),
        ("12–14", "12 - 14"),
        ("12.0", "12"),
        ("１２", "12"),
        ("12 / 3", "12/3"),
    ],
)
def test_spellings_of_one_number_are_one(one: str, other: str) -> None:
    assert number_key(one) == number_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12-14", "1214"),
        ("12/14", "12-14"),
        ("12 1/2", "121/2"),
        ("12 14", "1214"),
        ("12.5", "125"),
        ("A1", "1"),
        ("100", "1"),
    ],
)
def test_other_numbers_stay_others(one: str, other: str) -> None:
    assert number_key(one) != number_key(other)


@pytest.mark.parametrize("text", ["", " ", "0", "S/N", "s.n.".replace(".", ""), "None", "n/a", "NULL"])
def test_what_says_that_there_is_no_number_is_none(text: str) -> None:
    assert number_key(text) == ""


@pytest.mark.parametrize(
    ("text", "key"), [("Apt 4", "4"), ("#4", "4"), ("UNIT 04", "4"), ("Suite 4", "suite 4"), ("", "")]
)
def test_units(text: str, key: str) -> None:
    assert unit_key(text) == key


@given(st.text(max_size=40))
def test_any_text_has_keys_that_stay_the_same(text: str) -> None:
    for key in (number_key, street_key, unit_key):
        assert key(key(text)) == key(text)
        assert key(f"  {text}\t") == key(text)


@pytest.mark.parametrize(
    ("change", "is_one"),
    [
        ({}, True),
        ({"street": "MAIN STREET", "number": "01"}, True),
        ({"city": "Elsewhere", "postcode": "1"}, True),
        ({"lon": 10.0 + 12 * METRE}, True),
        ({"lon": 10.0 + 20 * METRE}, False),
        ({"lat": 50.0 + 10 * METRE}, True),
        ({"lat": 50.0 + 13 * METRE}, False),
        ({"number": "1a"}, False),
        ({"street": "Main Ave"}, False),
        ({"unit": "2"}, False),
        ({"number": ""}, False),
        ({"street": ""}, False),
    ],
)
def test_what_is_one_address(change: dict[str, object], is_one: bool, tmp_path: Path) -> None:
    found = of_rows(tmp_path, {COUNTY: [MAIN], CITY: [MAIN | change]})
    assert (found.groups() == {frozenset({"0-0", "1-0"})}) is is_one


@pytest.mark.parametrize("missing", ["number", "street"])
def test_rows_without_number_or_street_are_one_with_nothing(missing: str, tmp_path: Path) -> None:
    row = MAIN | {missing: "", "hash": "same"}
    found = of_rows(tmp_path, {COUNTY: [row, row], CITY: [row]})
    assert len({group for (group,) in found.rows("dedupe_group")}) == 3
    assert found.manifest["rows_without_number_or_street"] == found.manifest["best_rows"] == 3


@pytest.mark.parametrize(
    ("lon", "lat"),
    [(10.0, 50.0), (9.99995, 50.49995), (180.0, -16.9), (0.0, 0.0), (-0.0, 51.5), (25.00005, 60.0), (10.0, 90.0)],
)
def test_no_border_parts_neighbours(lon: float, lat: float, tmp_path: Path) -> None:
    """3 m apart on both sides of cells, of files and of the date line."""
    west, east = lon - 1.5 * METRE, lon + 1.5 * METRE
    rows = [MAIN | {"lon": west, "lat": lat}, MAIN | {"lon": east - 360 if east > 180 else east, "lat": lat}]
    found = of_rows(tmp_path, {COUNTY: rows[:1], CITY: rows[1:]}, most=1)
    assert found.groups() == {frozenset({"0-0", "1-0"})}


STATE = Input("xx/statewide", "state", 9, Locality.STATE)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ((STATE, {"postcode": "1"}), (CITY, {}), "no_postcode"),
        ((CITY, {}), (COUNTY, {}), "less_local"),
        ((COUNTY, {}), (STATE, {}), "less_local"),
        ((Input("xx/a", "a", 5, Locality.CITY), {}), (Input("xx/0", "0", 4, Locality.CITY), {}), "older_run"),
        ((Input("xx/a", "a", 5, Locality.CITY), {}), (Input("xx/0", "0", 5, Locality.CITY), {}), "higher_id"),
    ],
)
def test_the_better_row_is_the_best(one: Any, other: Any, reason: str, tmp_path: Path) -> None:
    found = of_rows(tmp_path, {one[0]: [MAIN | one[1]], other[0]: [MAIN | other[1]]})
    assert found.best() == {"0-0": True, "1-0": False}
    assert found.manifest["not_best"] == {reason: 1}
    assert found.manifest["pairs"] == [
        {"best": list(one[0].id), "other": list(other[0].id), "reason": reason, "rows": 1},
    ]


def test_of_a_source_that_repeats_itself_one_row_is_the_best(tmp_path: Path) -> None:
    found = of_rows(tmp_path, {COUNTY: [MAIN, MAIN, MAIN]})
    assert sorted(found.best().values()) == [False, False, True]
    assert found.manifest["not_best"] == {"repeated_in_source": 2}


def test_two_places_of_one_id_and_one_address_are_two_groups(tmp_path: Path) -> None:
    far = MAIN | {"hash": "same", "lat": 50.5}
    found = of_rows(tmp_path, {COUNTY: [MAIN | {"hash": "same"}, far], CITY: [MAIN, far]})
    assert len({group for (group,) in found.rows("dedupe_group")}) == 2


@given(st.data())
def test_places_do_not_depend_on_the_order(data: Any) -> None:
    near = st.integers(-30, 30)
    rows = data.draw(st.lists(st.tuples(st.integers(0, 2), near, near), max_size=40))
    shuffled = data.draw(st.permutations(range(len(rows))))
    values = np.array(rows, np.int64).reshape(-1, 3)
    one, other = (_places(values), _places(values[shuffled]))
    assert _sets(one, range(len(rows))) == _sets(other, shuffled)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-30, 30), st.integers(-30, 30)), min_size=2, max_size=30))
def test_nothing_near_is_parted_and_gaps_part(rows: list[tuple[int, int, int]]) -> None:
    values = np.array(rows, np.int64)
    found = _places(values)
    for one in range(len(rows)):
        for other in range(one):
            if found[one] != found[other]:
                near = np.abs(values[one] - values[other])
                assert near[0] or near[1:].max() > 1
            else:
                assert values[one][0] == values[other][0]
    for place in np.unique(found):
        for axis in (1, 2):
            assert np.diff(np.sort(values[found == place][:, axis])).max(initial=0) <= 1


def _places(values: Any) -> Any:
    """Places of rows on a grid whose step is just near, on the equator."""
    step = NEAR * 0.9999
    return places(values[:, 0].astype(np.uint64), values[:, 1] * step, values[:, 2] * step)


def _sets(found: Any, names: Any) -> set[frozenset[int]]:
    return {
        frozenset(name for name, place in zip(names, found, strict=True) if place == at) for at in set(found.tolist())
    }


@pytest.mark.parametrize(
    ("source", "coverage", "expected"),
    [
        ("us/ca/city_of_berkeley", {"county": "Alameda", "state": "ca"}, Locality.CITY),
        ("us/ca/berkeley", {"city": "Berkeley", "state": "ca"}, Locality.CITY),
        ("us/ca/alameda", {"county": "Alameda", "state": "ca"}, Locality.COUNTY),
        ("us/ca/statewide", {"state": "ca"}, Locality.STATE),
        ("us/wi/asa-statewide", {"county": "x"}, Locality.STATE),
        ("de/berlin", {"ISO 3166": {"alpha2": "DE-BE"}}, Locality.STATE),
        ("no/countrywide", {"country": "no"}, Locality.COUNTRY),
        ("fi/countrywide-sv", {"country": "fi"}, Locality.COUNTRY),
        ("xx/deep/er/still", {}, Locality.COUNTY),
        ("xx", {"city": None}, Locality.COUNTRY),
    ],
)
def test_how_local_a_source_is(source: str, coverage: dict[str, object], expected: Locality) -> None:
    assert locality(source, coverage) is expected
