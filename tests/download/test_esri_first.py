"""The first rows of an ESRI layer, whatever the layer can do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.servers.esri import EsriServer, Layer, address_layer, error_response
from demo.servers.serving import Request, Response
from openaddr.download import first_rows
from openaddr.download.esri.first import FirstRows
from openaddr.errors import Code, ProblemError
from tests.download.conftest import SETTINGS, make_entry

First = Callable[..., FirstRows]


@pytest.fixture
def first(tmp_path: Path) -> First:
    def first(server: EsriServer, rows: int = 10, number: int = 0, counted: bool = False) -> FirstRows:
        entry = make_entry(server.layer_url(number), "ESRI")
        return first_rows(entry, tmp_path / "got", SETTINGS, rows, counted=counted)

    return first


def oids(found: FirstRows) -> list[int]:
    return [feature["attributes"]["OBJECTID"] for feature in json.loads(found.page.read_bytes())["features"]]


def test_as_many_rows_come_as_were_asked_for_with_all_their_fields(first: First) -> None:
    with EsriServer({0: address_layer(5000)}) as server:
        found = first(server, rows=7)
    assert oids(found) == list(range(1, 8))
    assert found.count is None and found.layer.name == "Addresses"
    assert [request.path.rpartition("/")[2] for request in server.requests] == ["0", "query"]
    assert server.requests[1].parameters["outFields"] == "*"


def test_rows_are_counted_where_that_is_wanted(first: First) -> None:
    with EsriServer({0: address_layer(5000)}) as server:
        assert first(server, counted=True).count == 5000
    assert len(server.requests) == 3


def test_a_server_that_cannot_count_is_no_problem(first: First) -> None:
    with EsriServer({0: address_layer(5, counts=False)}) as server:
        assert first(server, counted=True).count is None


def test_a_server_without_pages_is_asked_for_none(first: First) -> None:
    with EsriServer({0: address_layer(20, pagination=False)}) as server:
        assert len(oids(first(server))) == 20
    assert "resultOffset" not in server.requests[1].parameters


def test_what_passes_is_tried_again(first: First) -> None:
    def busy(request: Request, number: int) -> Response | None:
        return Response(b"busy", status=503) if number in (1, 3) else None

    with EsriServer({0: address_layer(5)}, trouble=busy) as server:
        assert len(oids(first(server))) == 5


BAD: dict[str, tuple[Layer | None, Code]] = {
    "no layer of that number": (None, Code.ESRI_LAYER_CHANGED),
    "a layer without rows": (address_layer(0), Code.NO_ROWS),
    "a layer that may not be queried": (address_layer(5, capabilities="Map"), Code.ESRI_NO_QUERY),
    "a group of layers": (address_layer(0, extra={"type": "Group Layer"}), Code.ESRI_LAYER_CHANGED),
}


@pytest.mark.parametrize("case", BAD)
def test_has_no_first_rows(case: str, first: First) -> None:
    layer, code = BAD[case]
    with EsriServer({3: layer or address_layer(1)}) as server, pytest.raises(ProblemError) as caught:
        first(server, number=3 if layer else 4, counted=True)
    assert caught.value.problem.code is code
    assert caught.value.problem.pointer == "/layers/addresses/0/data"


def test_an_error_instead_of_a_page_is_told(first: First) -> None:
    def failing(request: Request, number: int) -> Response | None:
        return error_response(500, "Out of order") if number > 1 else None

    with EsriServer({0: address_layer(5)}, trouble=failing) as server, pytest.raises(ProblemError) as caught:
        first(server)
    assert caught.value.problem.code is Code.ESRI_ERROR
