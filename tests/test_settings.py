"""Settings from the environment."""

import pytest

from openaddr.settings import SettingError, load


def test_whole_numbers_are_read() -> None:
    assert load({"OPENADDR_ESRI_CONNECTIONS": "2"}).esri_connections == 2


@pytest.mark.parametrize("text", ["", "two", "2.5"])
def test_what_is_no_whole_number_is_said(text: str) -> None:
    with pytest.raises(SettingError, match=r"OPENADDR_ESRI_CONNECTIONS.*such as 4"):
        load({"OPENADDR_ESRI_CONNECTIONS": text})
