"""Repairs change what they are for and not a character elsewhere."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.errors import Code, ProblemError
from openaddr.lint.fix import mended, replace_file
from tests.lint.sources import ENTRY, GONE, PATH, conform, coverage, csv, entry, found, source

DATA = str(ENTRY["data"])
CASES: list[tuple[dict[str, Any], str, str]] = [
    (source(entry(protocol="Esri")), '"Esri"', '"ESRI"'),
    (source(conform(ctiy="CITY", city=GONE)), '"ctiy"', '"city"'),
    (source(entry(data=f"  {DATA} ")), f'"  {DATA} "', f'"{DATA}"'),
    (source(entry(website=" https://example.org/ö")), '" https', '"https'),
    (coverage(country="US"), '"US"', '"us"'),
    (source(conform(format="shapefile")), '"shapefile"', '"geojson"'),
    (source(csv() | {"protocol": "ftp"}), '"ftp"', '"http"'),
]


@pytest.mark.parametrize(("bad", "old", "new"), CASES, ids=[old for _, old, _ in CASES])
@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_repair_replaces_one_token(bad: Any, old: str, new: str, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(bad, indent=indent, ensure_ascii=ascii_only)
    assert text.count(old) == 1
    assert mended(PATH, text.encode()) == (text.replace(old, new).encode(), 1)


def test_line_ends_byte_order_mark_and_odd_spaces_stay() -> None:
    text = (
        '\ufeff{ "schema" :2,\r\n\t"coverage": {"country" : "US","geometry":{"type":"Point"} } , "layers":{}\r\n}\r\n'
    )
    assert mended("x", text.encode()) == (text.replace('"US"', '"us"').encode(), 1)


def test_escapes_of_an_address_stay_as_they_were() -> None:
    text = json.dumps(source(entry(data=f" {DATA}"))).replace("/", "\\/")
    assert mended(PATH, text.encode())[0] == text.replace('" https', '"https').encode()


def test_a_repair_that_shows_another_is_followed_by_that() -> None:
    bad = source(entry(protocl="esri", protocol=GONE))
    assert json.loads(mended(PATH, json.dumps(bad).encode())[0]) == source(entry(protocol=GONE) | {"protocol": "ESRI"})


def test_a_key_is_not_renamed_where_the_right_one_is_there() -> None:
    text = json.dumps(source(conform(ctiy="A"))).encode()
    assert mended(PATH, text) == (text, 0)


def test_of_two_keys_that_look_like_one_only_one_is_renamed() -> None:
    text = json.dumps(source(conform(ctiy="A", citty="B", city=GONE))).encode()
    better, count = mended(PATH, text)
    assert count == 1
    assert set(json.loads(better)["layers"]["addresses"][0]["conform"]) & {"ctiy", "citty", "city"} == {"city", "citty"}


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[]", b'{"a": "\\ud800"}', b" " * 2_000_001])
def test_a_file_that_cannot_be_read_is_left_alone(raw: bytes) -> None:
    assert mended("x", raw) == (raw, 0)


def shuffled(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from(
        [text, text.upper(), text.lower(), f" {text}", f"{text}\\u0020", text[1:], f"{text[0]}{text}"]
    )


@given(st.data())
def test_what_was_mended_has_nothing_left_to_mend(data: st.DataObject) -> None:
    text = json.dumps(source(entry(), csv(), name="x"), indent=2)
    for word in ("protocol", "ESRI", "conform", "geojson", "city", "attribution name", "https", "us"):
        text = text.replace(word, data.draw(shuffled(word)), data.draw(st.integers(0, 2)))
    better, count = mended(PATH, text.encode())
    assert mended(PATH, better) == (better, 0)
    assert bool(count) == (better != text.encode())
    assert not [finding for finding in found(better) if finding.fix]


def test_a_file_is_replaced_whole_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    path.chmod(0o640)
    replace_file(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_link_stays_a_link_to_the_file_that_is_mended(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to("real.json")
    replace_file(link, b"new")
    assert link.is_symlink() and (tmp_path / "real.json").read_text() == "new"


def test_a_file_that_cannot_be_written_is_a_problem_and_stays(tmp_path: Path) -> None:
    folder = tmp_path / "a.json"
    folder.mkdir()
    with pytest.raises(ProblemError) as caught:
        replace_file(folder, b"new")
    assert caught.value.problem.code is Code.OUTPUT_NOT_WRITABLE
    assert os.listdir(tmp_path) == ["a.json"]
