"""Which areas sources belong to."""

import pytest

from openaddr.collecting.areas import _COUNTRIES, areas_of


@pytest.mark.parametrize(
    "source, areas",
    [
        ("us/ca/alameda", "global us_west us"), ("us/ca", "global us_west us"), ("us/countrywide", "global us"),
        ("us/pr/statewide", "global us_south us"), ("us/vt/x/y", "global us_northeast us"), 
        ("us/gu", "global us_west us"),
        ("us/oh", "global us_midwest us"), ("de/berlin", "global europe de"), ("no/countrywide", "global europe no"),
        ("ch", "global europe ch"), ("ua/x", "global europe ua"), ("is/countrywide", "global europe is"),
        ("xk/x", "global europe xk"), ("ca/bc/x", "global north_america ca"), ("za/x", "global africa za"),
        ("jp/x", "global asia jp"), ("nz/x", "global asia nz"), ("br/x", "global south_america br"),
        ("aq/x", "global aq"), ("europe/x", "global"), ("US/ca", "global"), ("d/e", "global"), ("..", "global"),
    ],
)  # fmt: skip
def test_a_source_is_where_a_reader_expects_it(source: str, areas: str) -> None:
    assert areas_of(source) == areas.split()


def test_no_country_is_in_two_parts_of_the_world_but_american_samoa_as_ever() -> None:
    listed = [country for countries in _COUNTRIES.values() for country in countries.split()]
    assert len(listed) == len(set(listed)) and len(listed) > 230
