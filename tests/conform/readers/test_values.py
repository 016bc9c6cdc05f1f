from datetime import date, time
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.conform.readers.text import shown
from openaddr.conform.readers.values import TextRule, has_marks, text_of

DATETIME = {b"GDAL:OGR:type": b"DateTime"}


def texts(values: list[Any], kind: Any, metadata: dict[bytes, bytes] | None = None, **rule: Any) -> list[str]:
    column = pa.array(values, kind)
    result = text_of(pa.field("a", kind, metadata=metadata), column, TextRule(**rule))
    return [shown(value) for value in result.to_list()]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (5.0, pa.float64(), "5.0"),
        (1e20, pa.float64(), "1e+20"),
        (1e16, pa.float64(), "1e+16"),
        (9999999999999998.0, pa.float64(), "9999999999999998.0"),
        (0.00001, pa.float64(), "1e-05"),
        (0.0, pa.float64(), "0.0"),
        (float("nan"), pa.float64(), "nan"),
        (float("-inf"), pa.float64(), "-inf"),
        (0.1, pa.float32(), "0.10000000149011612"),
        (2**60, pa.int64(), "1152921504606846976"),
        (-7, pa.int16(), "-7"),
        (True, pa.bool_(), "1"),
        (False, pa.bool_(), "0"),
        (date(2020, 1, 2), pa.date32(), "2020/01/02"),
        (time(1, 2, 3), pa.time32("ms"), "01:02:03"),
        (time(1, 2, 3, 500000), pa.time32("ms"), "01:02:03.500"),
        (b"\x00\xff", pa.binary(), "00FF"),
        (["a", "b'"], pa.list_(pa.string()), "['a', \"b'\"]"),
        ([1.0, 2.5], pa.list_(pa.float64()), "[1.0, 2.5]"),
        ("ü", pa.string(), "ü"),
        (" a ", pa.large_string(), " a "),
    ],
)
def test_values_have_the_text_that_sources_rely_on(value: Any, kind: Any, text: str) -> None:
    assert texts([value, None], kind) == [text, ""]


@pytest.mark.parametrize(
    ("iso", "text"),
    [
        ("2020-01-02T03:04:05", "2020/01/02 03:04:05"),
        ("2020-01-02T03:04:05.678", "2020/01/02 03:04:05.678"),
        ("2020-01-02T03:04:05Z", "2020/01/02 03:04:05+00"),
        ("2020-01-02T03:04:05+02:00", "2020/01/02 03:04:05+02"),
        ("2020-01-02T03:04:05-03:30", "2020/01/02 03:04:05-0330"),
    ],
)
def test_times_are_written_as_ogr_does(iso: str, text: str) -> None:
    assert texts([iso, None], pa.string(), DATETIME) == [text, ""]


@given(st.lists(st.floats() | st.floats(-1e-3, 1e-3), min_size=1))
def test_numbers_are_written_as_python_does(values: list[float]) -> None:
    assert texts(values, pa.float64()) == [repr(value) for value in values]


def test_the_code_of_a_coded_value_is_the_value() -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int32()), pa.array(["zero", "one"]))
    assert text_of(pa.field("a", column.type), column, TextRule()).to_list() == ["1", "", "0"]


@pytest.mark.parametrize(
    ("codec", "raw", "text"),
    [
        ("iso8859-1", b"Stra\xdfe", "Straße"),
        ("cp1251", b"\xd3\xeb\xe8\xf6\xe0", "Улица"),
        ("cp949", "서울".encode("cp949"), "서울"),
        ("euc_kr", "서울".encode("euc_kr"), "서울"),
        ("shift_jisx0213", "東京".encode("shift_jisx0213"), "東京"),
        ("shift_jisx0213", b"a\\b", "a¥b"),
        ("cp1252", b"a\x81b", "a\\x81b"),
        ("euc_kr", b"\xbc\xad\xff", "서\\xff"),
    ],
)
def test_bytes_behind_latin_text_are_decoded(codec: str, raw: bytes, text: str) -> None:
    latin = raw.decode("iso8859-1")
    assert texts([latin, None, "plain"], pa.string(), codec=codec, fixed=True) == [text, "", "plain"]


def utf8(*values: bytes) -> Any:
    return pa.array(values, pa.binary()).view(pa.string())


def test_bytes_that_are_not_utf8_mark_their_value_only() -> None:
    result = text_of(pa.field("a", pa.string()), utf8(b"a\xffb", "ü".encode(), b""), TextRule())
    assert [shown(value) for value in result.to_list()] == ["a\\xffb", "ü", ""]
    assert has_marks(result)
    assert not has_marks(result[1:])


@pytest.mark.parametrize(("width", "text"), [(b"4", "abc"), (b"9", "abc\\xc3")])
def test_half_a_character_is_left_out_where_the_column_ends(width: bytes, text: str) -> None:
    field = pa.field("a", pa.string(), metadata={b"GDAL:OGR:width": width})
    result = text_of(field, utf8(b"abc\xc3"), TextRule(fixed=True))
    assert shown(result[0]) == text
