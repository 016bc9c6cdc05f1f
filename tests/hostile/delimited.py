"""CSV files that are none, are too much, or hide their rows behind quotes and encodings."""

import codecs
from collections.abc import Callable, Iterator
from typing import Any

from openaddr.errors import Code
from tests.hostile.case import CONFORM, HEADER, ROW, ROWS, Case, World, case, source

FAMILY = "csv"
MB = 1 << 20
UNREADABLE, NO_COLUMN, REJECTED = Code.DATA_UNREADABLE, Code.FIELD_NOT_FOUND, Code.ROWS_REJECTED
Made = bytes | Callable[[], bytes]


def cases(_: World) -> Iterator[Case]:
    """All of them."""
    yield from _empty()
    yield from _large()
    yield from _quotes()
    yield from _encodings()
    yield from _values()
    yield from _shapes()


def _csv(name: str, data: Made, *expected: str, **conform: Any) -> Case:
    return case(FAMILY, name, source(conform={**CONFORM, **conform}), *expected, data__csv=data)


def _empty() -> Iterator[Case]:
    yield _csv("a CSV of one line feed", b"\n", Code.DATA_EMPTY)
    yield _csv("a CSV of a million line feeds", b"\n" * 1_000_000, Code.DATA_EMPTY)
    yield _csv("a CSV of one NUL", b"\0", NO_COLUMN)
    yield _csv("a CSV of blanks", b" " * 1000, NO_COLUMN)
    yield _csv("a CSV of a byte order mark", codecs.BOM_UTF8, Code.DATA_EMPTY)
    yield _csv("a CSV of a header alone", HEADER.encode(), Code.NO_ROWS)
    yield _csv("a CSV of a header without its line feed", HEADER.strip().encode(), Code.NO_ROWS)
    yield _csv("a CSV of separators", b",,,,\n" * 1000, NO_COLUMN)
    yield _csv("a CSV of one quote", b'"', NO_COLUMN)
    yield _csv("a CSV of a carriage return", b"\r", Code.DATA_EMPTY)
    yield _csv("a CSV whose header comes after its end", ROWS.encode(), UNREADABLE, headers=50)


def _large() -> Iterator[Case]:
    yield _csv("a CSV of 20 MB of NULs", lambda: bytes(20 * MB), NO_COLUMN)
    yield _csv("a CSV of 60 MB of NULs after its header", lambda: ROWS.encode() + bytes(60 * MB), UNREADABLE)
    yield _csv("a CSV of 40 MB without a line feed", lambda: b"a" * (40 * MB), UNREADABLE)
    yield _csv("a CSV with a row of 40 MB", lambda: ROWS.encode() + b"a" * (40 * MB) + b"\n", UNREADABLE)
    yield _csv(
        "a CSV with a value of 15 MB",
        lambda: _row(b"a" * (15 * MB)),
        "1 rows, 1 VALUE_TOO_LONG",
        street={"function": "join", "fields": ["street"]},
    )
    yield _csv("a CSV of 10,001 columns", lambda: b"a," * 10_000 + b"b\n", UNREADABLE)
    yield _csv("a CSV of 10,000 columns of one name", lambda: _wide(9_996), "1 rows")
    yield _csv("a CSV with a name of a column of 1 MB", lambda: b"a" * MB + b"," + ROWS.encode(), "1 rows")
    yield _csv(
        "a CSV of a million commas in one row", lambda: ROWS.encode() + b"," * 1_000_000, "1 rows, 1 ROW_TOO_LONG"
    )
    yield _csv("a CSV of a million rows of one letter", lambda: ROWS.encode() + b"a\n" * 1_000_000, "1000001 rows")
    yield _csv("a CSV of a million empty rows", lambda: ROWS.encode() + b"\n" * 1_000_000, "1 rows")
    yield _csv(
        "a CSV of a million rows that are too long", lambda: ROWS.encode() + b"1,2,3,4,5\n" * 1_000_000, REJECTED
    )
    yield _csv("a CSV of 300,000 rows of bad coordinates", lambda: HEADER.encode() + b"1,a,b,c\n" * 300_000, REJECTED)


def _row(street: bytes) -> bytes:
    return ROWS.encode() + b"6," + street + b",10,50\n"


def _wide(more: int) -> bytes:
    return HEADER.strip().encode() + b",a" * more + b"\n" + ROW.strip().encode() + b",a" * more + b"\n"


def _quotes() -> Iterator[Case]:
    yield _csv("a quote that never closes", _row(b'"a'), "2 rows")
    yield _csv("a quote that never closes in 30 MB", lambda: _row(b'"a') + b"1,2,3,4\n" * (4 * MB), UNREADABLE)
    yield _csv("a million quotes", lambda: _row(b'"' * 1_000_000), "1 rows, 1 VALUE_TOO_LONG")
    yield _csv("a million quotes and one", lambda: _row(b'"' * 1_000_001), "1 rows, 1 VALUE_TOO_LONG")
    yield _csv("quotes in the middle of values", lambda: HEADER.encode() + b'5,a"b"c,1,1\n' * 100_000, "100000 rows")
    yield _csv("quotes after blanks", lambda: HEADER.encode() + b'5, "b, c",1,1\n' * 1_000, REJECTED)
    yield _csv("line feeds in quotes", lambda: HEADER.encode() + b'5,"a\n\n\nb",1,1\n' * 50_000, "50000 rows")
    yield _csv("a header in quotes of many lines", b'"no","str\neet","x","y"\n5,a,1,1\n', "1 rows", street="str\neet")
    yield _csv("line ends of three kinds", HEADER.encode() + b"5,a,1,1\r6,b,1,1\r\n7,c,1,1\n", "3 rows")
    yield _csv(
        "a carriage return in every value",
        HEADER.encode() + b"5,a\rb,1,1\r\n" * 10,
        "20 rows",
    )


def _encodings() -> Iterator[Case]:
    text = HEADER + "5,Süd,1,1\n"
    yield _csv("UTF-16 that does not say so", text.encode("utf-16-le"), NO_COLUMN)
    yield _csv("UTF-16 with its mark", text.encode("utf-16"), "1 rows")
    yield _csv("UTF-16 of an odd number of bytes", text.encode("utf-16") + b"\0", "1 rows, 1 ROW_ENCODING")
    yield _csv(
        "UTF-16 of lone surrogates",
        text.encode("utf-16") + b"\x00\xd8" * 100,
        "1 rows, 1 ROW_ENCODING",
    )
    yield _csv("UTF-32 with its mark", text.encode("utf-32"), "1 rows")
    yield _csv(
        "UTF-32 beyond Unicode",
        text.encode("utf-32") + b"\xff\xff\xff\x7f" * 10,
        "1 rows, 1 ROW_ENCODING",
    )
    yield _csv("a mark of UTF-16 and nothing more", codecs.BOM_UTF16_LE, Code.DATA_EMPTY)
    yield _csv("a mark of UTF-32 before UTF-8", codecs.BOM_UTF32_LE + text.encode(), NO_COLUMN)
    yield _csv("a million bad bytes", lambda: _row(b"\xff" * 1_000_000), "1 rows, 1 ROW_ENCODING")
    yield _csv("bad bytes in every row", lambda: HEADER.encode() + b"5,\xff,1,1\n" * 100_000, Code.ENCODING)
    yield _csv("bad bytes in the header", b"no,str\xffeet,x,y\n5,a,1,1\n", "1 rows")
    yield _csv("UTF-8 as EUC-KR", text.encode(), "1 rows", encoding="EUCKR")
    yield _csv(
        "rubbish as ISO-2022-JP", HEADER.encode() + b"5,\x1b$B\x1b(Z\xff,1,1\n", Code.ENCODING, encoding="iso2022_jp"
    )
    yield _csv(
        "HZ that never ends its shift",
        HEADER.encode() + b"5,~{" + b"aa" * 1000 + b",1,1\n",
        Code.ENCODING,
        encoding="hz",
    )
    yield _csv("the markers of bad bytes as text", _row("\ufdd041\ufdd1".encode()), "1 rows, 1 ROW_ENCODING")
    yield _csv("the marks of rejected values as text", _row("\ufdd2\ufdd3".encode()), "2 rows")
    yield _csv("UTF-7", b"no,street,x,y\n5,+ADw-script+AD4-,1,1\n", "1 rows")


def _values() -> Iterator[Case]:
    for name, value, expected in (
        ("infinity", "inf", REJECTED),
        ("minus infinity", "-Infinity", REJECTED),
        ("NaN", "nan", REJECTED),
        ("1e400", "1e400", REJECTED),
        ("1e308", "1e308", REJECTED),
        ("a hexadecimal number", "0x10", REJECTED),
        ("digits with underscores", "1_0", REJECTED),
        ("Arabic digits", "١٠", REJECTED),
        ("full-width digits", "１０", REJECTED),
        ("two numbers", "10 20", REJECTED),
        ("degrees", "10°30'", REJECTED),
        ("a thousand digits", "1" * 1000, REJECTED),
        ("a million digits after the point", "1." + "1" * 1_000_000, REJECTED),
        ("a sign alone", "-", REJECTED),
        ("a point alone", ".", REJECTED),
        ("a NUL", "1\0", REJECTED),
        ("a formula", "=1+1", REJECTED),
    ):
        data = f"{HEADER}5,Main St,{value},50\n".encode()
        yield _csv(f"a longitude that is {name}", data, str(expected))
    yield _csv("a longitude beyond the earth", HEADER.encode() + b"5,a,1e30,1e30\n", REJECTED, srs="EPSG:25833")


def _shapes() -> Iterator[Case]:
    yield _csv("columns of one name", b"no,no,street,street,x,y\n1,2,a,b,1,1\n", "1 rows")
    yield _csv("columns without names", b",,,,\n1,2,3,4,5\n", NO_COLUMN)
    yield _csv(
        "a column called like one of ours", b"no,street,x,y,oa:number\n5,a,1,1,9\n", "1 rows", street="oa:number"
    )
    yield _csv("columns that differ by case alone", b"NO,No,street,x,y\n5,6,a,1,1\n", "1 rows")
    yield _csv("a page of the web", b"<!DOCTYPE html><p>" * 100, Code.HTML_INSTEAD_OF_DATA)
    yield _csv("a spreadsheet", b"PK\3\4" + bytes(200), Code.ARCHIVE_BAD)
    yield _csv("a database", b"SQLite format 3\0" + bytes(2000), NO_COLUMN)
    yield _csv("a program", b"\x7fELF" + bytes(range(256)) * 50, NO_COLUMN)
    yield _csv("a table of tabs", ROWS.replace(",", "\t").encode(), NO_COLUMN)
    yield _csv("JSON", b'{"no": 5}', NO_COLUMN)
