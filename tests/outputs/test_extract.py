"""The working extract: what is written is read again, batch by batch."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from openaddr.extract import ExtractWriter, read_batches
from openaddr.stages import GeometryKind, Layer
from tests.outputs.extracts import extract, points, shapes

HERE = {"lon": 1.5, "lat": -2.25}


def test_batches_come_back_as_they_were_written(tmp_path: Path) -> None:
    frames = [points([{"street": "Łódzka", **HERE}, {}]), points([{"number": "7"}])]
    made = extract(tmp_path, *frames)
    for found, frame in zip(read_batches(made.path), frames, strict=True):
        assert_frame_equal(found, frame)


def test_rows_and_bounds_are_counted_over_all_batches(tmp_path: Path) -> None:
    made = extract(tmp_path, points([{}]), points([HERE]), points([{"lon": 3.0, "lat": 8.0}, {}]))
    assert (made.rows, made.bounds) == (4, (1.5, -2.25, 3.0, 8.0))


def test_filled_values_are_counted_over_all_batches(tmp_path: Path) -> None:
    with ExtractWriter(tmp_path / "extract.arrow", Layer.ADDRESSES, GeometryKind.POINT) as writer:
        writer.write(points([{"number": "7", **HERE}, {"number": "8", "street": "Łódzka"}]))
        writer.write(points([{"street": " ", **HERE}, {}]))
    empty = dict.fromkeys(("unit", "city", "district", "region", "postcode", "id", "accuracy"), 0)
    assert writer.fills == {"number": 2, "street": 2, "geometry": 2} | empty
    assert list(writer.fills)[:2] == ["number", "street"]


def test_filled_values_of_shapes_are_counted(tmp_path: Path) -> None:
    with ExtractWriter(tmp_path / "extract.arrow", Layer.PARCELS, GeometryKind.ANY) as writer:
        writer.write(shapes(Layer.PARCELS, ["POINT (4 4)", None]).with_columns(pid=pl.Series(["", "a"])))
    assert writer.fills == {"pid": 1, "geometry": 1}


@pytest.mark.parametrize(
    ("wkt", "bounds"),
    [
        (["LINESTRING (1 2, 3 5)", "POINT (0 9)"], (0, 2, 3, 9)),
        (["POLYGON EMPTY", None, "POINT (4 4)"], (4, 4, 4, 4)),
        (["POLYGON EMPTY", None], None),
    ],
)
def test_bounds_of_shapes_leave_out_what_is_nowhere(
    tmp_path: Path, wkt: list[str | None], bounds: tuple[float, ...] | None
) -> None:
    assert extract(tmp_path, shapes(Layer.PARCELS, wkt), layer=Layer.PARCELS).bounds == bounds


def test_only_the_columns_asked_for_are_read(tmp_path: Path) -> None:
    made = extract(tmp_path, points([{"street": "a", **HERE}]))
    assert [frame.to_dicts() for frame in read_batches(made.path, ("lon", "lat"))] == [[HERE]]


def test_an_empty_frame_leaves_no_batch(tmp_path: Path) -> None:
    made = extract(tmp_path, points([]), points([HERE]))
    assert [frame.height for frame in read_batches(made.path)] == [1]


def test_a_null_text_is_refused(tmp_path: Path) -> None:
    frame = points([HERE]).with_columns(street=pl.lit(None, pl.String))
    with ExtractWriter(tmp_path / "x", Layer.ADDRESSES, GeometryKind.POINT) as writer, pytest.raises(ValueError):
        writer.write(frame)
