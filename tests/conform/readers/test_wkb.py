import struct
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from openaddr.conform.readers.dataset import Points, Shapes
from openaddr.conform.readers.wkb import geometry_of


def column(*values: bytes | None) -> Any:
    return pa.array(values, pa.binary())


def of(text: str, flavor: Literal["iso", "extended"] = "iso", byte_order: int = 1) -> bytes:
    return shapely.to_wkb(shapely.from_wkt(text), flavor=flavor, byte_order=byte_order)


def part(kind: int, count: int, *ordinates: float) -> bytes:
    return struct.pack(f"<BII{len(ordinates)}d", 1, kind, count, *ordinates)


def shape(value: bytes) -> Any:
    geometry, broken = geometry_of(column(value, of("LINESTRING (0 0, 1 1)")))
    assert isinstance(geometry, Shapes)
    assert not broken.any()
    return geometry.values[0]


@pytest.mark.parametrize("flavor", ["iso", "extended"])
@pytest.mark.parametrize("dimension", ["", " Z", " M", " ZM"])
def test_points_of_any_dimension_are_read_as_x_and_y(dimension: str, flavor: Literal["iso", "extended"]) -> None:
    more = " 5" * len(dimension.strip())
    values = column(
        None, of(f"POINT{dimension} (1 2{more})", flavor), of(f"POINT{dimension} (3 4{more})", flavor), None
    )
    for rows, xs in ((values, [None, 1, 3, None]), (values.slice(1, 2), [1, 3]), (values.slice(3), [None])):
        geometry, broken = geometry_of(rows)
        assert isinstance(geometry, Points)
        assert [None if np.isnan(x) else x for x in geometry.x] == xs
        assert not broken.any()


def test_an_empty_point_is_no_geometry() -> None:
    geometry, broken = geometry_of(column(of("POINT EMPTY"), of("POINT (1 2)")))
    assert isinstance(geometry, Points)
    assert np.isnan(geometry.x).tolist() == [True, False]
    assert not broken.any()


@pytest.mark.parametrize("rows", [[], [None, None]])
def test_a_column_without_any_value_is_points_without_geometry(rows: list[None]) -> None:
    geometry, _ = geometry_of(column(*rows))
    assert isinstance(geometry, Points)
    assert np.isnan(geometry.x).tolist() == [True] * len(rows)


def test_a_broken_value_costs_its_row_only() -> None:
    values = [of("POINT (1 2)"), b"\1\2\3", None, of("POLYGON EMPTY"), b"", of("POINT (1 2)", byte_order=0)]
    geometry, broken = geometry_of(column(*values))
    assert isinstance(geometry, Shapes)
    assert broken.tolist() == [False, True, False, False, True, False]
    assert [value and value.wkt for value in geometry.values] == ["POINT (1 2)", *[None] * 4, "POINT (1 2)"]


def test_measures_are_left_out_and_heights_are_kept() -> None:
    assert shape(of("LINESTRING M (0 0 5, 1 1 5)")).wkt == "LINESTRING (0 0, 1 1)"
    assert shape(of("LINESTRING ZM (0 0 4 5, 1 1 4 5)")).wkt == "LINESTRING Z (0 0 4, 1 1 4)"


def test_an_unclosed_ring_is_closed() -> None:
    ring = struct.pack("<BIII8d", 1, 3, 1, 4, 0, 0, 1, 0, 1, 1, 0, 1)
    assert shape(ring).wkt == "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"


HALF = part(8, 3, 0, 0, 1, 1, 2, 0)
CIRCLE = part(8, 3, 0, 0, 2, 0, 0, 0)
TWO_HALVES = part(8, 5, 0, 0, 1, 1, 2, 0, 1, -1, 0, 0)


@pytest.mark.parametrize(
    ("binary", "kind", "vertices", "size"),
    [
        (HALF, "LineString", 46, np.pi),
        (part(9, 2) + HALF + of("LINESTRING (2 0, 3 0)"), "LineString", 48, np.pi + 1),
        (part(10, 1) + TWO_HALVES, "Polygon", 91, np.pi),
        (part(10, 1) + CIRCLE, "Polygon", 91, np.pi),
        (part(11, 1) + HALF, "MultiLineString", 46, np.pi),
        (part(12, 1) + part(10, 1) + CIRCLE, "MultiPolygon", 91, np.pi),
        (part(7, 2) + of("POINT (1 1)") + part(10, 1) + CIRCLE, "GeometryCollection", 92, np.pi),
        (part(8, 3, 0, 0, 1, 1, 2, 2), "LineString", 3, 8**0.5),
        (part(1008, 3, 0, 0, 5, 1, 1, 6, 2, 0, 7), "LineString", 46, np.pi),
    ],
)
def test_a_curve_becomes_lines_close_to_it(binary: bytes, kind: str, vertices: int, size: float) -> None:
    found = shape(binary)
    assert found.geom_type == kind
    assert shapely.get_num_coordinates(found) == vertices
    assert (found.area or found.length) == pytest.approx(size, rel=1e-3)


def test_an_arc_keeps_its_ends_and_its_side() -> None:
    found = shape(part(8, 3, 2, 0, 1, -1, 0, 0))
    assert (found.coords[0], found.coords[-1]) == ((2, 0), (0, 0))
    assert found.bounds[1] == pytest.approx(-1, abs=1e-3)


def test_surfaces_of_patches_become_polygons() -> None:
    triangle = struct.pack("<BIII12d", 1, 1017, 1, 4, 0, 0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 1)
    assert shape(part(1016, 1) + triangle).wkt == "MULTIPOLYGON Z (((0 0 1, 1 0 1, 1 1 1, 0 0 1)))"


@given(st.binary(max_size=80) | st.tuples(st.sampled_from([HALF, CIRCLE, part(12, 1)]), st.binary()).map(b"".join))
def test_no_bytes_stop_the_reading(value: bytes) -> None:
    geometry, broken = geometry_of(column(value, of("LINESTRING (0 0, 1 1)")))
    assert isinstance(geometry, Shapes)
    assert not broken[1]


@given(st.sampled_from([part(10, 1) + TWO_HALVES, part(9, 1) + HALF]), st.integers(0, 60), st.integers(0, 255))
def test_no_changed_byte_stops_the_reading(value: bytes, place: int, byte: int) -> None:
    changed = value[: place % len(value)] + bytes([byte]) + value[place % len(value) + 1 :]
    geometry_of(column(changed))
