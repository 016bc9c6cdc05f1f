"""Layers that are not where the source says: the problem names where they are now."""

from collections.abc import Callable
from typing import Any

import pytest

from demo.servers.esri import SERVICES, EsriServer, address_layer, error_response, json_response
from demo.servers.serving import Request, Response
from openaddr.download.esri.moved import MAX_REQUESTS
from openaddr.errors import Code, Problem

Fail = Callable[..., Problem]
ELSEWHERE = {
    "": (("Roads", "MapServer"), ("Geometry", "GeometryServer")),
    "Closed": (),
    "Public": (("Public/demo", "FeatureServer"), ("Public/Demo", "GPServer"), ("Public/Demolition", "MapServer")),
}


def test_a_service_that_moved_is_found_in_the_folders_of_its_server(problem: Fail) -> None:
    with EsriServer({}, services=ELSEWHERE) as server:
        found = problem(server.layer_url(), "ESRI")
        paths = [request.path.removeprefix(SERVICES) for request in server.requests]
    assert found.code == Code.ESRI_SERVICE_NOT_FOUND
    assert found.message.endswith(
        "Service Demo/MapServer/0 not found. A service of the same name is at Public/demo/FeatureServer."
    )
    assert paths == ["/Demo/MapServer/0", "/Demo/MapServer", "", "/Closed", "/Public"]


def test_a_service_that_only_changed_its_kind_is_found(problem: Fail) -> None:
    with EsriServer({}, services={"": (("Demo", "MapServer"), ("Demo", "FeatureServer"))}) as server:
        message = problem(server.layer_url(), "ESRI").message
    assert message.endswith("is at Demo/FeatureServer.")


def test_a_service_that_is_nowhere_stays_not_found(problem: Fail) -> None:
    with EsriServer({}, services={"": (("Roads", "MapServer"),)}) as server:
        assert "of the same name" not in problem(server.layer_url(), "ESRI").message


def test_a_server_with_very_many_folders_is_not_searched_for_ever(problem: Fail) -> None:
    folders = {f"F{number}": () for number in range(100)} | {"": ()}
    with EsriServer({}, services=folders) as server:
        assert problem(server.layer_url(), "ESRI").code == Code.ESRI_SERVICE_NOT_FOUND
    assert len(server.requests) == MAX_REQUESTS + 2


@pytest.mark.parametrize(
    "answer",
    [
        Response(b"oops", status=500),
        Response(hangs_up=True),
        error_response(499, "Token Required"),
        json_response({"folders": 5, "services": 7}),
        json_response({"folders": [None, 5], "services": [None, {}, {"name": None, "type": "MapServer"}]}),
        json_response({"layers": 5}),
        json_response([]),
    ],
)
def test_a_server_that_hides_its_folders_changes_nothing(problem: Fail, answer: Response) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        return None if number == 1 else answer

    with EsriServer({}, trouble) as server:
        found = problem(server.layer_url(), "ESRI")
    assert found.code == Code.ESRI_SERVICE_NOT_FOUND
    assert "of the same name" not in found.message


def test_an_address_of_another_form_is_not_looked_for(problem: Fail) -> None:
    with EsriServer({}) as server:
        assert problem(f"{server.url}/other/0", "ESRI").code == Code.ESRI_SERVICE_NOT_FOUND
    assert len(server.requests) == 1


def test_a_number_that_is_no_layer_any_more_is_told_with_those_that_are(problem: Fail) -> None:
    with EsriServer({0: address_layer(1), 3: address_layer(1)}) as server:
        found = problem(server.layer_url(7), "ESRI")
    assert found.code == Code.ESRI_LAYER_CHANGED
    assert found.message.endswith("has no layer 7 in Demo/MapServer; it has 2 layers: 0 Addresses, 3 Addresses.")


def test_a_number_that_now_is_a_group_is_told_with_the_layers_in_it(problem: Fail) -> None:
    group: dict[str, Any] = {"type": "Group Layer", "fields": None, "subLayers": [{"id": 1, "name": "Roads"}]}
    with EsriServer({0: address_layer(1, extra=group)}) as server:
        found = problem(server.layer_url(), "ESRI")
    assert found.code == Code.ESRI_LAYER_CHANGED
    assert found.message.endswith("; it holds 1 layer: 1 Roads.")


def test_a_layer_that_is_listed_but_does_not_answer_stays_not_found(problem: Fail) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        return error_response(404, "Layer not found") if request.path.endswith("/0") else None

    with EsriServer({0: address_layer(1)}, trouble) as server:
        assert problem(server.layer_url(), "ESRI").code == Code.ESRI_SERVICE_NOT_FOUND
