"""What is suggested for which columns: a table of names and values."""

from typing import Any

import pytest

from openaddr.bench.columns import Column
from openaddr.bench.encodings import encoding_of
from openaddr.bench.place import guess, named
from openaddr.bench.suggest import choices_for, coordinates, suggest
from openaddr.source.gazetteer import Gazetteer
from openaddr.stages import Bounds, Layer

Table = dict[str, list[str]]
NUMBERS, STREETS, EMPTY = ["12", "14 A", "7"], ["Main St", "Elm Ave", "1st St"], ["", " ", ""]


def columns(table: Table) -> list[Column]:
    return [Column(name, values) for name, values in table.items()]


def rules(table: Table, layer: Layer = Layer.ADDRESSES) -> dict[str, Any]:
    return {choice.attribute: choice.rule for choice in choices_for(layer, columns(table))}


ADDRESSES: dict[str, tuple[Table, dict[str, Any]]] = {
    "known names": (
        {"ADDNUM": NUMBERS, "FULLNAME": STREETS, "POSTCOMM": ["Kent", "Kent", "York"], "ZIP": ["49503"] * 3},
        {"number": "ADDNUM", "street": "FULLNAME", "city": "POSTCOMM", "postcode": "ZIP"},
    ),
    "names in other languages": (
        {"hausnummer": NUMBERS, "straße": STREETS, "ort": ["Ulm"] * 3, "plz": ["89073"] * 3},
        {"number": "hausnummer", "street": "straße", "city": "ort", "postcode": "plz"},
    ),
    "names in other scripts": (
        {"дом": NUMBERS, "улица": ["Ленина"] * 3, "город": ["Томск"] * 3},
        {"number": "дом", "street": "улица", "city": "город"},
    ),
    "the names of NG9-1-1": (
        {
            "AddNum_Pre": EMPTY, "Add_Number": NUMBERS, "AddNum_Suf": EMPTY, "St_PreMod": EMPTY,
            "St_PreDir": ["N", "", ""], "St_Name": ["Main", "Elm", "1st"], "St_PosTyp": ["Street", "Avenue", "Street"],
            "St_PosDir": EMPTY,
        },
        {
            "number": ["AddNum_Pre", "Add_Number", "AddNum_Suf"],
            "street": ["St_PreMod", "St_PreDir", "St_Name", "St_PosTyp", "St_PosDir"],
        },
    ),
    "a name that has its type already": (
        {"NUMBER": NUMBERS, "STREET": STREETS, "TYPE": ["St", "Ave", "St"], "DIR": EMPTY},
        {"number": "NUMBER", "street": "STREET"},
    ),
    "a direction that the name lacks": (
        {"NUMBER": NUMBERS, "STREET": STREETS, "TYPE": ["St", "Ave", "St"], "PREDIR": ["N", "S", "E"]},
        {"number": "NUMBER", "street": ["PREDIR", "STREET"]},
    ),
    "a suffix that the number has already": (
        {"HOUSENUM": ["12A", "14B", "7"], "HOUSESUF": ["A", "B", ""], "STREETNAME": STREETS},
        {"number": "HOUSENUM", "street": "STREETNAME"},
    ),
    "where the property is, and not where its owner is": (
        {"OWNER_CITY": ["Paris"] * 3, "MAIL_ZIP": ["1"] * 3, "SITUS_NUM": NUMBERS, "SITUS_STREET": STREETS,
         "SITUS_CITY": ["Waco"] * 3, "ADDR_CITY": ["Dallas"] * 3},
        {"number": "SITUS_NUM", "street": "SITUS_STREET", "city": "SITUS_CITY"},
    ),
    "one column for both": (
        {"SITEADD": ["12 Main St", "14 Elm Ave", "7 1st St"]},
        {
            "number": {"function": "prefixed_number", "field": "SITEADD"},
            "street": {"function": "postfixed_street", "field": "SITEADD"},
        },
    ),
    "one column for both, by what it says": (
        {"XYZ": ["12 Main Street", "14 Elm Avenue", "7 Oak Road"]},
        {
            "number": {"function": "prefixed_number", "field": "XYZ"},
            "street": {"function": "postfixed_street", "field": "XYZ"},
        },
    ),
    "names that a shapefile has cut": (
        {"STREET_NUM": NUMBERS, "STREETNAME": STREETS, "MUNICIPALI": ["Kent"] * 3},
        {"number": "STREET_NUM", "street": "STREETNAME", "city": "MUNICIPALI"},
    ),
    "names below that of their table": (
        {"gis.points.ADDRNUM": NUMBERS, "gis.points.FULLNAME": STREETS},
        {"number": "gis.points.ADDRNUM", "street": "gis.points.FULLNAME"},
    ),
    "codes that were taken for measures": (
        {"NUMBER": NUMBERS, "STREET": STREETS, "ZIP": ["49503.0", "49504.0", "49503.0"]},
        {
            "number": "NUMBER", "street": "STREET",
            "postcode": {"function": "regexp", "field": "ZIP", "pattern": r"^(.*?)(\.0+)?$", "replace": "$1"},
        },
    ),
    "codes of cities": (
        {"NUMBER": NUMBERS, "STREET": STREETS, "CITY": ["3", "4", "3"]}, {"number": "NUMBER", "street": "STREET"},
    ),
    "kind and number of a unit": (
        {"NUMBER": NUMBERS, "STREET": STREETS, "UNITTYPE": ["Apt", "", ""], "UNITID": ["1", "", ""]},
        {"number": "NUMBER", "street": "STREET", "unit": ["UNITTYPE", "UNITID"]},
    ),
    "nothing that is known": ({"A": ["x"] * 3, "B": ["y"] * 3}, {}),
    "no rows that say anything": ({"NUMBER": EMPTY, "STREET": EMPTY}, {"number": "NUMBER", "street": "STREET"}),
}  # fmt: skip


@pytest.mark.parametrize("case", ADDRESSES)
def test_addresses_are_read_from(case: str) -> None:
    table, expected = ADDRESSES[case]
    assert rules(table) == expected


def test_numbers_at_the_end_are_split_off_and_the_pattern_does_it() -> None:
    found = rules({"adresse": ["Hauptstraße 12", "Am Markt 7 a", "Weg 3-5"]})
    assert found["number"]["replace"] == "$2" and found["street"]["replace"] == "$1"
    assert found["number"]["pattern"].startswith("^") and found["number"]["pattern"].endswith("$")


PARCEL, ROADS = {"PARCELID": ["1-2", "1-3", "1-4"]}, {"FULLNAME": STREETS, "L_F_ADD": ["1"] * 3, "R_T_ADD": ["9"] * 3}
LAYERS: dict[str, tuple[Table, str, str, list[str]]] = {
    "points with number and street": ({"NUMBER": NUMBERS, "STREET": STREETS}, "Point", "points", ["addresses"]),
    "polygons with a number of their own": (PARCEL, "MultiPolygon", "Land", ["parcels"]),
    "parcels with addresses": (
        {"NUMBER": NUMBERS, "STREET": STREETS} | PARCEL,
        "Polygon",
        "x",
        ["addresses", "parcels"],
    ),
    "outlines of buildings": ({"ID": NUMBERS}, "Polygon", "Building_Footprints", ["buildings"]),
    "lines with a name": (ROADS, "LineString", "Roads", ["centerlines"]),
    "lines without one": ({"ID": NUMBERS}, "LineString", "Rivers", []),
    "points without a street": ({"NUMBER": NUMBERS}, "Point", "Hydrants", []),
}


@pytest.mark.parametrize("case", LAYERS)
def test_it_is_told_what_they_are(case: str) -> None:
    table, geometry, title, expected = LAYERS[case]
    assert [layer.value for layer in suggest(columns(table), geometry, title)] == expected


def test_centerlines_have_their_sides() -> None:
    assert rules(ROADS, Layer.CENTERLINES) == {
        "name": "FULLNAME", "addr_from_left": "L_F_ADD", "addr_to_right": "R_T_ADD",
    }  # fmt: skip


COORDINATES: dict[str, tuple[Table, list[str]]] = {
    "by name": ({"x": ["1.5"], "LAT": ["50.1"], "LONG": ["10.2"]}, ["LONG", "LAT"]),
    "in meters": ({"POINT_X": ["363000"], "POINT_Y": ["362000"]}, ["POINT_X", "POINT_Y"]),
    "with commas": ({"lon": ["10,25"], "lat": ["50,5"]}, ["lon", "lat"]),
    "by value": ({"a": ["50.1"], "b": ["110.2"]}, ["b", "a"]),
    "by value, in doubt": ({"a": ["10.1"], "b": ["50.2"]}, ["a", "b"]),
    "not at all": ({"a": ["1.5"], "b": ["2.5"], "c": ["3.5"]}, []),
    "not from words": ({"lon": ["far"], "lat": ["away"]}, []),
}


@pytest.mark.parametrize("case", COORDINATES)
def test_coordinates_are_found(case: str) -> None:
    table, expected = COORDINATES[case]
    assert [choice.rule for choice in coordinates(columns(table))] == expected


ENCODINGS = {
    "Hauptstraße, Mühlweg": ["ISO-8859-1"],
    "Allée des Fleurs": ["ISO-8859-1"],
    "L’Allée": ["CP1252"],
    "Święty Marcin, Łódź, Żeromskiego": ["CP1250"],
    "Náměstí Míru, Žižkova": ["CP1250"],
    "улица Ленина": ["CP1251"],
    "福島市小倉寺": ["SHIFT_JISX0213"],
    "세종대로": ["EUC-KR"],
    "中山路 民生東路": ["BIG5"],
    "Main St": ["UTF-8"],
}


@pytest.mark.parametrize("text", ENCODINGS)
def test_the_encoding_of_a_text_is_told_from_its_bytes(text: str) -> None:
    (name,) = ENCODINGS[text]
    expected = None if name == "UTF-8" else name
    assert encoding_of(f"id;street\n1;{text}\n".encode(name)) == expected
    assert encoding_of(text.encode()) is None
    assert encoding_of(text.encode()[:-1]) is None


PLACES: dict[str, tuple[Bounds | None, tuple[float, float] | None, str, str]] = {
    "a county": ((-85.79, 42.76, -85.31, 43.29), (-85.6, 43.0), "https://x.org", "sources/us/mi/kent.json"),
    "a town in a county": ((-85.7, 42.9, -85.6, 43.0), (-85.65, 42.95), "", "sources/us/mi/kent.json"),
    "a state": ((-90.4, 41.7, -82.4, 48.2), (-85.6, 43.0), "", "sources/us/mi/statewide.json"),
    "an extent that is the whole world": ((-180, -90, 180, 90), (-85.6, 43.0), "", "sources/us/mi/kent.json"),
    "a neighbour whose box has it too": ((-79.6, 43.5, -79.2, 43.8), (-79.4, 43.65), "", "sources/ca/countrywide.json"),
    "a host that says where it is": (None, None, "https://geo.example.fi:8080/x", "sources/fi/countrywide.json"),
    "a border": ((-83.1, 42.2, -82.9, 42.3), (-83.0, 42.29), "https://open.windsor.ca", "sources/ca/countrywide.json"),
    "the sea": (None, (-30.0, 20.0), "https://example.org", "sources/xx/countrywide.json"),
}


@pytest.mark.parametrize("case", PLACES)
def test_the_place_is_guessed_from_where_rows_are(case: str) -> None:
    bounds, center, address, path = PLACES[case]
    assert str(guess(bounds, center, address).path) == path


def test_places_by_name_get_the_code_of_the_census() -> None:
    nowhere = guess(None, None, "")
    assert named("US", "MI", "Kent", "", nowhere).coverage() == {
        "US Census": {"geoid": "26081", "name": "Kent County", "state": "Michigan"},
        "country": "us", "state": "mi", "county": "Kent",
    }  # fmt: skip
    assert named("us", "la", "Orleans", "", nowhere).coverage()["US Census"]["name"] == "Orleans Parish"
    assert named("us", "mi", "", "", nowhere).coverage()["US Census"] == {"geoid": "26", "state": "Michigan"}
    assert named("fr", "", "", "", nowhere).coverage() == {
        "ISO 3166": {"alpha2": "FR", "country": "France"}, "country": "fr",
    }  # fmt: skip


def test_without_a_gazetteer_nothing_is_known(tmp_path: Any) -> None:
    empty = Gazetteer(tmp_path / "none.arrow")
    assert (empty.at(10, 50), empty.code_of("26", "Kent"), empty.names) == ([], "", {})
