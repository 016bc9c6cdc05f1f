import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openaddr.conform.readers.delimited import BATCH_ROWS, DelimitedFile, open_delimited, unique_names
from openaddr.conform.readers.records import Limits
from openaddr.errors import Code, ProblemError, RowReason
from openaddr.stages import RowAccount

SMALL = Limits(block=64, record=100_000)


def opened(
    path: Path,
    data: bytes | str,
    *,
    encoding: str | None = None,
    separator: str = ",",
    headers: int | None = None,
    skiplines: int | None = None,
    limits: Limits | None = None,
) -> DelimitedFile:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return open_delimited(
        path, encoding=encoding, separator=separator, headers=headers, skiplines=skiplines, limits=limits
    )


def read(file: DelimitedFile, *columns: str) -> tuple[list[tuple[str, ...]], list[int], RowAccount]:
    account, rows, numbers = RowAccount(), list[tuple[str, ...]](), list[int]()
    for batch in file.batches(columns or file.columns, account):
        assert batch.geometry is None
        rows += batch.frame.rows()
        numbers += batch.rows.tolist()
    account.kept = len(rows)
    assert account.received == account.kept + account.rejected_total
    return rows, numbers, account


def as_python_reads(text: str, names: list[str], separator: str = ",") -> list[tuple[str, ...]]:
    """What csv.DictReader in text mode gives, short rows filled with '', long rows left out."""
    lines = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"), newline="\n")
    rows = csv.DictReader(lines, names, delimiter=separator, restval="")
    return [tuple(row.values()) for row in rows if None not in row]


PIECES = st.sampled_from([",", ",", ",", "\n", "\n", "\r\n", "\r", '"', '"', '""', " ", "a", "bc", "é", "\0", ";", "5"])


@settings(max_examples=250, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join), st.sampled_from([1, 8, 64, 1 << 20]), st.integers(1, 3))
def test_any_text_gives_the_rows_of_pythons_csv_module(
    tmp_path_factory: pytest.TempPathFactory, text: str, block: int, width: int
) -> None:
    names = [f"n{at}" for at in range(width)]
    file = opened(
        tmp_path_factory.getbasetemp() / "any.csv", ",".join(names) + "\n" + text, limits=Limits(block, 100_000)
    )
    rows, numbers, account = read(file)
    assert rows == as_python_reads(text, names)
    assert numbers == sorted(numbers)
    assert account.rejected_total == account.rejected[RowReason.ROW_TOO_LONG]


FIELD = st.text(st.sampled_from('ab é,"\n;\r '), max_size=12)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(FIELD, min_size=1, max_size=4), max_size=20),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from([",", ";", "\t", "|", "§"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_well_written_files_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], quoting: int, separator: str, end: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerows([["a", "b", "c"], *table])
    file = opened(tmp_path_factory.getbasetemp() / "well.csv", out.getvalue(), separator=separator, limits=SMALL)
    body = out.getvalue().split(end, 1)[1]
    assert read(file)[0] == as_python_reads(body, ["a", "b", "c"], separator)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n", [("1", "2")]),
        ("a,b\n1,2", [("1", "2")]),
        ("\ufeffa,b\n1,2\n", [("1", "2")]),
        ("a,b\n1\n3,4\n", [("1", ""), ("3", "4")]),
        ("a,b\n\n1,2\n\n\n3,4\n\n", [("1", "2"), ("3", "4")]),
        ("a,b\n   \n1,2\n", [("   ", ""), ("1", "2")]),
        ('a,b\n"x\r\ny","p""q"\r\n', [("x\ny", 'p"q')]),
        ('a,b\n"x\ry",2\n', [("x\ny", "2")]),
        ('a,b\n1, "2\n', [("1", ' "2')]),
        ('a,b\n5" pipe,2\n6" pipe,3\n', [('5" pipe', "2"), ('6" pipe', "3")]),
        ('a,b\n"x"y,2\n', [("xy", "2")]),
        ("a,b\n1\x002,3\n", [("1\x002", "3")]),
        ("a,b\n", []),
        ("a,b", []),
        ("a\n1\n\n2\n", [("1",), ("2",)]),
        ("\n\na,b\n1,2\n", [("1", "2")]),
    ],
)
def test_odd_files_are_read_as_python_reads_them(tmp_path: Path, text: str, rows: list[tuple[str, ...]]) -> None:
    for limits in (Limits(), Limits(block=2, record=1000)):
        assert read(opened(tmp_path / "odd.csv", text, limits=limits))[0] == rows


def test_long_rows_are_rejected_with_their_number_and_short_ones_keep_their_place(tmp_path: Path) -> None:
    file = opened(tmp_path / "long.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n")
    rows, numbers, account = read(file)
    assert rows == [("1", "2"), ("3", ""), ("7", "8")]
    assert numbers == [1, 2, 4]
    assert [example.as_json() for example in account.examples] == [
        {"reason": "ROW_TOO_LONG", "row": 3, "value": "4,5,6"}
    ]


def test_a_column_may_have_no_name_in_odd_rows_too(tmp_path: Path) -> None:
    file = opened(tmp_path / "x.csv", 'a,\n1,b\n2\n3,5" pipe\n')
    assert read(file, "")[0] == [("b",), ("",), ('5" pipe',)]
    assert read(opened(tmp_path / "y.csv", "a,\n1,b\n2\n"), "")[0] == [("b",), ("",)]


def test_a_block_where_most_rows_are_odd_is_read_whole(tmp_path: Path) -> None:
    file = opened(tmp_path / "short.csv", "a,b,c\n" + "".join(f"{n},x\n{n},y,z\n" for n in range(3000)))
    rows, numbers, account = read(file)
    assert rows[:2] == [("0", "x", ""), ("0", "y", "z")]
    assert numbers == list(range(1, 6001))
    assert account.received == 6000


def test_only_the_columns_asked_for_are_given(tmp_path: Path) -> None:
    file = opened(tmp_path / "some.csv", "a,b,c\n1,2,3\n4,5\n6,7,8,9\n")
    assert read(file, "c", "a")[0] == [("3", "1"), ("", "4")]
    account = RowAccount()
    (batch,) = file.batches((), account)
    assert batch.frame.width == 0
    assert batch.rows.tolist() == [1, 2]
    assert (account.received, account.rejected_total) == (3, 1)


@pytest.mark.parametrize(
    ("headers", "skiplines", "columns", "rows"),
    [
        (None, None, ("h1", "x"), [("h2", "y"), ("1", "2")]),
        (1, 1, ("h1", "x"), [("h2", "y"), ("1", "2")]),
        (2, 2, ("h2", "y"), [("1", "2")]),
        (2, None, ("h2", "y"), [("1", "2")]),
        (None, 2, ("h2", "y"), [("1", "2")]),
        (1, 2, ("h1", "x"), [("1", "2")]),
        (-1, None, ("COLUMN1", "COLUMN2"), [("h1", "x"), ("h2", "y"), ("1", "2")]),
        (-1, 2, ("COLUMN1", "COLUMN2"), [("1", "2")]),
        (3, 3, ("1", "2"), []),
    ],
)
def test_headers_and_skiplines_count_physical_lines(
    tmp_path: Path, headers: int | None, skiplines: int | None, columns: tuple[str, ...], rows: list[tuple[str, ...]]
) -> None:
    for limits in (Limits(), Limits(block=3, record=1000)):
        file = opened(
            tmp_path / "lines.csv", "h1,x\r\nh2,y\r\n1,2\r\n", headers=headers, skiplines=skiplines, limits=limits
        )
        assert file.columns == columns
        assert read(file)[0] == rows


def test_a_header_may_span_lines_and_a_title_above_it_may_hold_a_quote(tmp_path: Path) -> None:
    file = opened(tmp_path / "title.csv", 'The "best list\n"two\nlines",b\n1,2\n', headers=2)
    assert file.columns == ("two\nlines", "b")
    assert read(file)[0] == [("1", "2")]


@pytest.mark.parametrize(
    ("names", "unique"),
    [
        (["a", "b"], ("a", "b")),
        (["a", "a", "a"], ("a", "a_2", "a_3")),
        (["a", "a", "a_2"], ("a", "a_3", "a_2")),
        (["", "", "x"], ("", "_2", "x")),
        (["a_2", "a", "a", "a_2"], ("a_2", "a", "a_3", "a_2_2")),
    ],
)
def test_repeated_names_get_a_number(names: list[str], unique: tuple[str, ...]) -> None:
    assert unique_names(names) == unique


def test_many_names_that_are_all_the_same_take_no_time() -> None:
    assert unique_names(["a"] * 10_000)[-1] == "a_10000"


def test_a_block_of_very_short_rows_comes_in_bounded_batches(tmp_path: Path) -> None:
    file = opened(tmp_path / "a.csv", "a\n" + "1\n" * 200_000)
    batches = list(file.batches(("a",), RowAccount()))
    assert max(batch.frame.height for batch in batches) <= BATCH_ROWS
    assert [row for batch in batches for row in batch.rows.tolist()] == list(range(1, 200_001))


@given(st.lists(st.sampled_from(["a", "a_2", "a_2_2", "a_3", "b", ""]), max_size=8))
def test_names_are_unique_and_first_ones_stay(names: list[str]) -> None:
    unique = unique_names(names)
    assert len(set(unique)) == len(names)
    assert all(unique[names.index(name)] == name for name in names)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("ISO-8859-1", "Röntgen"),
        ("latin1", "Röntgen"),
        ("SHIFT_JISX0213", "東京都"),
        ("CP1251", "Улица"),
        ("CP949", "서울특별시"),
        ("EUCKR", "서울"),
        ("utf-8-sig", "Улица"),
        ("utf-16", "Улица"),
        ("utf-16-be", "Улица"),
        ("iso-8859-3", "Ħal"),
        ("gb18030", "北京"),
        ("mac_roman", "Zürich"),
    ],
)
def test_encodings_in_use_are_read_at_any_block_border(tmp_path: Path, encoding: str, text: str) -> None:
    table = f"{text},b\n" + f"{text},{text}\n" * 40
    for block in (1, 7, 64, 1 << 20):
        file = opened(tmp_path / "text.csv", table.encode(encoding), encoding=encoding, limits=Limits(block, 10_000))
        assert file.columns == (text, "b")
        assert read(file)[0] == [(text, text)] * 40


def test_a_byte_order_mark_decides_when_the_source_names_no_encoding(tmp_path: Path) -> None:
    assert read(opened(tmp_path / "u.csv", "é,b\n1,ü\n".encode("utf-16")), "é", "b")[0] == [("1", "ü")]


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "base64", "idna", "unicode_escape", "undefined", "zip", "\0"])
def test_what_is_no_text_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(ProblemError) as caught:
        opened(tmp_path / "a.csv", "a,b\n", encoding=encoding)
    assert caught.value.problem.code is Code.ENCODING_UNKNOWN


def test_bad_bytes_cost_only_rows_that_need_them(tmp_path: Path) -> None:
    data = b"a,b\n1,good\n2,b\xe4d\n3,\xf0\x9f\x8f\n4,x\n5,cut \xc3"
    for limits in (Limits(), SMALL, Limits(block=1, record=1000)):
        file = opened(tmp_path / "bad.csv", data, limits=limits)
        rows, numbers, account = read(file, "a", "b")
        assert rows == [("1", "good"), ("4", "x")]
        assert numbers == [1, 4]
        assert account.rejected == {RowReason.ROW_ENCODING: 3}
        assert [(e.row, e.value) for e in account.examples] == [
            (2, r"b\xe4d"),
            (3, r"\xf0\x9f\x8f"),
            (5, r"cut \xc3"),
        ]
        assert len(read(file, "a")[0]) == 5


def test_bad_bytes_in_the_header_are_shown_in_the_name(tmp_path: Path) -> None:
    assert opened(tmp_path / "bad.csv", b"stra\xdfe,b\n").columns == (r"stra\xdfe", "b")


@pytest.mark.parametrize(
    ("data", "headers", "code"),
    [
        (b"", None, Code.DATA_EMPTY),
        (b"\xef\xbb\xbf", None, Code.DATA_EMPTY),
        (b"\n\n\r\n", None, Code.DATA_EMPTY),
        (b"", 2, Code.DATA_EMPTY),
        (b"a,b\n", 2, Code.DATA_UNREADABLE),
    ],
)
def test_files_without_a_header_are_problems(tmp_path: Path, data: bytes, headers: int | None, code: Code) -> None:
    with pytest.raises(ProblemError) as caught:
        opened(tmp_path / "none.csv", data, headers=headers)
    assert caught.value.problem.code is code


def test_a_quote_that_never_closes_is_named_before_memory_runs_out(tmp_path: Path) -> None:
    data = "a,b\n" + "1,2\n" * 50 + '3,"open\n' + "4,5\n" * 50_000
    with pytest.raises(ProblemError, match=r"Row 51 is longer than 100,000 bytes; it starts with '3,\"open'"):
        read(opened(tmp_path / "open.csv", data, limits=SMALL))


@pytest.mark.parametrize("headers", [None, 3])
def test_one_endless_line_is_a_problem(tmp_path: Path, headers: int | None) -> None:
    with pytest.raises(ProblemError, match="longer than 100,000 bytes"):
        opened(tmp_path / "line.csv", "x" * 300_000, headers=headers, limits=SMALL)


def test_a_record_larger_than_a_block_is_read(tmp_path: Path) -> None:
    long = "line\n" * 3000
    file = opened(tmp_path / "big.csv", f'a,b\n1,"{long}"\n2,x\n', limits=SMALL)
    assert read(file)[0] == [("1", long), ("2", "x")]


@pytest.mark.parametrize("separator", ['"', "\n", "", ",,"])
def test_a_separator_is_one_character_and_no_quote(tmp_path: Path, separator: str) -> None:
    with pytest.raises(ProblemError) as caught:
        opened(tmp_path / "a.csv", "a,b\n", separator=separator)
    assert caught.value.problem.code is Code.SOURCE_SCHEMA
