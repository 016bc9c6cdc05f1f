"""A whole ESRI layer: four ways to page through it that give the same rows, and servers that get in the way."""

import hashlib
import json
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from demo.servers.esri import (
    ADDRESS_FIELDS,
    OID,
    EsriServer,
    Feature,
    Layer,
    address_layer,
    error_response,
    json_response,
)
from demo.servers.esri_trouble import WAYS
from demo.servers.files import FileServer, redirect
from demo.servers.serving import Request, Response
from openaddr.download.esri import service
from openaddr.download.esri.row_count import RowCount
from openaddr.errors import Code, Problem
from openaddr.source.model import Conform
from openaddr.source.rules import Column, Join, Regexp
from openaddr.stages import Downloaded, Edition
from tests.download.conftest import POINTER, SETTINGS

Fetch = Callable[..., Downloaded]
Fail = Callable[..., Problem]
BY_OFFSET: dict[str, Any] = {}
BY_STATISTICS: dict[str, Any] = {"pagination": False}
BY_IDS: dict[str, Any] = {"pagination": False, "statistics": False}
BY_ENVELOPE: dict[str, Any] = {"pagination": False, "statistics": False, "lists_ids": False}
STRATEGIES = {"offset": BY_OFFSET, "statistics": BY_STATISTICS, "ids": BY_IDS, "envelope": BY_ENVELOPE}
ONE_BY_ONE = replace(SETTINGS, esri_connections=1)
each_strategy = pytest.mark.parametrize("options", STRATEGIES.values(), ids=STRATEGIES)


def rows_of(got: Downloaded) -> list[dict[str, Any]]:
    """Features of all pages in order, the same object id once."""
    found = [feature for path in got.files for feature in json.loads(path.read_bytes())["features"]]
    return list({feature["attributes"][OID]: feature for feature in found}.values())


def pages_asked(server: EsriServer) -> list[dict[str, str]]:
    """Parameters of the page requests, which come by POST."""
    return [request.parameters for request in server.requests if request.method == "POST"]


# The four ways


@each_strategy
def test_every_strategy_gives_all_rows_once(fetch: Fetch, options: dict[str, Any]) -> None:
    layer = address_layer(2345, max_record_count=500, **options)
    with EsriServer({0: layer}) as server:
        got = fetch(server.layer_url(), "ESRI")
    rows = {row["attributes"][OID]: row for row in rows_of(got)}
    expected = {feature.attributes[OID]: feature for feature in layer.features}
    assert rows.keys() == expected.keys()
    assert all(row["attributes"] == expected[oid].attributes for oid, row in rows.items())
    assert all(row["geometry"] == expected[oid].geometry for oid, row in rows.items())


@each_strategy
def test_pages_are_kept_as_they_came_and_in_order(fetch: Fetch, options: dict[str, Any]) -> None:
    with EsriServer({0: address_layer(25, max_record_count=10, **options)}) as server:
        got = fetch(server.layer_url(), "ESRI")
    assert [path.name for path in got.files] == [f"page-{number:06}.json" for number in range(1, len(got.files) + 1)]
    together = b"".join(path.read_bytes() for path in got.files)
    assert (got.fingerprint, got.size) == (hashlib.md5(together).hexdigest(), len(together))
    assert got.columns == tuple(ADDRESS_FIELDS)


def test_pages_by_offset_are_counted_beforehand(fetch: Fetch) -> None:
    told: list[tuple[str, int, int | None, str]] = []
    with EsriServer({0: address_layer(25, max_record_count=10)}) as server:
        fetch(server.layer_url(), "ESRI", ONE_BY_ONE, progress=lambda *step: told.append(step))
        asked = pages_asked(server)
    assert [page["resultOffset"] for page in asked] == ["0", "10", "20"]
    assert [request.method for request in server.requests] == ["GET", "GET", "POST", "POST", "POST"]
    assert told == [("download", done, 25, "rows") for done in (10, 20, 25)]


def test_pages_ask_for_what_the_conform_stages_rely_on(fetch: Fetch) -> None:
    with EsriServer({0: address_layer(1)}) as server:
        fetch(server.layer_url(), "ESRI")
    asked = pages_asked(server)[0]
    expected = {"geometryPrecision": "7", "returnGeometry": "true", "outSR": "4326", "outFields": "*", "f": "json"}
    assert asked == expected | {"where": "1=1", "resultOffset": "0", "resultRecordCount": "1000"}


@pytest.mark.parametrize(("most", "page"), [(5000, 1000), (300, 300), (None, 500), (0, 500)])
def test_a_page_is_as_large_as_the_server_allows_up_to_1000(fetch: Fetch, most: int | None, page: int) -> None:
    with EsriServer({0: address_layer(1, max_record_count=most)}) as server:
        fetch(server.layer_url(), "ESRI")
    assert pages_asked(server)[0]["resultRecordCount"] == str(page)


def test_ranges_by_statistics_are_checked_against_the_ids(fetch: Fetch) -> None:
    with EsriServer({0: address_layer(25, max_record_count=10, **BY_STATISTICS)}) as server:
        fetch(server.layer_url(), "ESRI", settings=ONE_BY_ONE)
    assert [page["where"] for page in pages_asked(server)] == [
        "OBJECTID >= 1 AND OBJECTID <= 10",
        "OBJECTID >= 11 AND OBJECTID <= 20",
        "OBJECTID >= 21 AND OBJECTID <= 25",
    ]
    assert [request.parameters.get("where") for request in server.requests][3] == "OBJECTID = 1 OR OBJECTID = 25"


def test_statistics_of_another_table_are_not_believed(fetch: Fetch) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        if "outStatistics" in request.parameters:
            return json_response({"features": [{"attributes": {"the_min": 5, "the_max": 99}}]})
        return None

    with EsriServer({0: address_layer(25, **BY_STATISTICS)}, trouble) as server:
        got = fetch(server.layer_url(), "ESRI")
    assert len(rows_of(got)) == 25


@pytest.mark.parametrize(
    "attributes",
    [
        {"the_min": 1, "THE_max": 25.0},
        {"THE_MIN": None, "THE_MAX": None},
        {"THE_MIN": float("nan"), "THE_MAX": float("inf")},
        {"THE_MIN": 1, "THE_MAX": 20},
        {"THE_MIN": 3, "THE_MAX": 7.0},
        {},
    ],
)
def test_statistics_are_read_in_any_case_and_may_be_wrong(fetch: Fetch, attributes: dict[str, Any]) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        statistics = json_response({"features": [{"attributes": attributes}]})
        return statistics if "outStatistics" in request.parameters else None

    with EsriServer({0: address_layer(25, **BY_STATISTICS)}, trouble) as server:
        assert len(rows_of(fetch(server.layer_url(), "ESRI"))) == 25


def test_sparse_object_ids_are_listed_and_not_ranged_over(fetch: Fetch) -> None:
    features = tuple(Feature({OID: number * 1_000_000}, {"x": number, "y": 0}) for number in range(1, 26))
    layer = Layer("Sparse", features, {OID: "esriFieldTypeOID"}, max_record_count=10, **BY_STATISTICS)
    with EsriServer({0: layer}) as server:
        assert len(rows_of(fetch(server.layer_url(), "ESRI"))) == 25
    assert len(pages_asked(server)) == 3


def test_boxes_are_quartered_until_they_are_not_full(fetch: Fetch) -> None:
    with EsriServer({0: address_layer(400, max_record_count=100, **BY_ENVELOPE)}) as server:
        got = fetch(server.layer_url(), "ESRI")
    assert len(rows_of(got)) == 400
    assert pages_asked(server)[0]["geometryType"] == "esriGeometryEnvelope"
    assert json.loads(pages_asked(server)[0]["inSR"]) == {"wkid": 4326}
    assert len(got.files) > 4


def test_more_rows_in_one_place_than_a_page_holds_are_incomplete(fetch: Fetch, problem: Fail) -> None:
    features = tuple(Feature({OID: number}, {"x": 1, "y": 1}) for number in range(30))
    apart = Feature({OID: 99}, {"x": 2, "y": 2})
    layer = Layer("Heap", (*features, apart), {OID: "esriFieldTypeOID"}, max_record_count=10, **BY_ENVELOPE)
    with EsriServer({0: layer}) as server:
        found = problem(server.layer_url(), "ESRI")
    assert found.code == Code.ESRI_INCOMPLETE
    assert "announced 31 rows and sent 11" in found.message


@each_strategy
def test_a_server_that_sends_fewer_at_once_than_it_says_loses_nothing(fetch: Fetch, options: dict[str, Any]) -> None:
    with EsriServer({0: address_layer(95, max_record_count=20, caps_at=7, **options)}) as server:
        assert len(rows_of(fetch(server.layer_url(), "ESRI"))) == 95


def test_short_pages_of_a_server_that_lists_no_ids_are_gone_on_with(fetch: Fetch) -> None:
    layer = address_layer(95, max_record_count=20, caps_at=7, flags=False, lists_ids=False)
    with EsriServer({0: layer}) as server:
        assert len(rows_of(fetch(server.layer_url(), "ESRI"))) == 95


def test_a_layer_that_cannot_count_is_read_by_its_ids(fetch: Fetch) -> None:
    with EsriServer({0: address_layer(25, counts=False)}) as server:
        assert len(rows_of(fetch(server.layer_url(), "ESRI"))) == 25
    assert "OBJECTID" in pages_asked(server)[0]["where"]


# Addresses as sources write them


@pytest.mark.parametrize("form", [" {}", "{}/", "{}?f=json", "{}/?f=pjson&token=abc"])
def test_an_address_may_end_in_a_slash_or_a_query(fetch: Fetch, form: str) -> None:
    with EsriServer({0: address_layer(3)}) as server:
        assert len(rows_of(fetch(form.format(server.layer_url()), "ESRI"))) == 3
        tokens = {request.parameters.get("token") for request in server.requests}
    assert tokens == ({"abc"} if "token" in form else {None})


def test_headers_of_the_source_go_along_on_every_request(fetch: Fetch) -> None:
    with EsriServer({0: address_layer(3)}) as server:
        fetch(server.layer_url(), "ESRI", headers={"Referer": "https://maps.example/"})
    assert {request.headers.get("referer") for request in server.requests} == {"https://maps.example/"}


def test_after_a_redirect_the_pages_are_asked_for_at_the_new_place(fetch: Fetch) -> None:
    with EsriServer({0: address_layer(3)}) as server, FileServer() as old:
        old.responses["/layer/0"] = redirect(server.layer_url() + "?f=json", 301)
        assert len(rows_of(fetch(old.url + "/layer/0", "ESRI"))) == 3
    assert len(old.requests) == 1


def test_a_page_redirected_to_a_private_address_is_refused(problem: Fail) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        return redirect("http://127.0.0.2/query", 307) if request.method == "POST" else None

    with EsriServer({0: address_layer(3)}, trouble) as server:
        found = problem(server.layer_url(), "ESRI")
    assert found.code == Code.ADDRESS_REFUSED
    assert "127.0.0.2" in found.message


def test_connections_are_reused(fetch: Fetch) -> None:
    with EsriServer({0: address_layer(95, max_record_count=10)}) as server:
        fetch(server.layer_url(), "ESRI")
    assert len(server.requests) == 12
    assert len({request.client_port for request in server.requests}) <= SETTINGS.esri_connections


def test_an_ftp_address_is_no_esri_service(problem: Fail) -> None:
    assert problem("ftp://127.0.0.1/arcgis/rest/services/A/MapServer/0", "ESRI").code == Code.URL_INVALID


# Fields


@pytest.mark.parametrize(
    ("rules", "lon", "asked"),
    [
        ({"number": Column("HOUSE"), "street": Column("STREET")}, None, "OBJECTID,HOUSE,STREET"),
        ({"number": Column("house"), "street": Regexp("Street", ".*")}, None, "OBJECTID,HOUSE,STREET"),
        ({"number": Join(("HOUSE", "OBJECTID", "HOUSE"))}, None, "OBJECTID,HOUSE"),
        ({"number": Column("HOUSE")}, Column("UPDATED"), "OBJECTID,HOUSE,UPDATED"),
        ({"number": Column("HOUSE"), "street": Column("NONE")}, None, "*"),
        ({"number": Column("HOUSE")}, Column("NONE"), "*"),
        ({}, None, "*"),
    ],
)
def test_only_the_fields_that_the_conform_needs_are_asked_for(
    fetch: Fetch, rules: dict[str, Any], lon: Any, asked: str
) -> None:
    conform = Conform("geojson", tuple(rules.items()), lon=lon)
    with EsriServer({0: address_layer(3)}) as server:
        got = fetch(server.layer_url(), "ESRI", conform=conform)
    assert pages_asked(server)[0]["outFields"] == asked
    assert got.columns == tuple(ADDRESS_FIELDS)


def test_without_a_conform_all_fields_are_asked_for(fetch: Fetch) -> None:
    with EsriServer({0: address_layer(3)}) as server:
        fetch(server.layer_url(), "ESRI", conform=None)
    assert pages_asked(server)[0]["outFields"] == "*"


def test_a_server_that_fails_on_field_lists_is_asked_for_all(fetch: Fetch) -> None:
    conform = Conform("geojson", (("street", Column("STREET")),))
    with EsriServer({0: address_layer(25, max_record_count=10, takes_field_lists=False)}) as server:
        assert len(rows_of(fetch(server.layer_url(), "ESRI", conform=conform))) == 25
    fields = Counter(page["outFields"] for page in pages_asked(server))
    assert fields == {"OBJECTID,STREET": 3, "*": 3}


# Completeness


@each_strategy
def test_fewer_rows_than_announced_are_incomplete(problem: Fail, options: dict[str, Any]) -> None:
    layer = address_layer(100, max_record_count=30, withheld=frozenset({7, 55}), **options)
    with EsriServer({0: layer}) as server:
        found = problem(server.layer_url(), "ESRI")
    assert found.code == Code.ESRI_INCOMPLETE
    assert "announced 100 rows and sent 98" in found.message
    assert found.retry
    assert found.pointer == POINTER + "/data"


def test_a_row_sent_twice_does_not_stand_for_a_missing_one(problem: Fail) -> None:
    layer = address_layer(100, max_record_count=30, withheld=frozenset({7}), repeated=frozenset({8}))
    with EsriServer({0: layer}) as server:
        assert "sent 99" in problem(server.layer_url(), "ESRI").message


def test_rows_are_counted_without_object_ids_too(fetch: Fetch) -> None:
    features = tuple(Feature({"NAME": str(number)}, {"x": 1, "y": 1}) for number in range(25))
    layer = Layer("Nameless", features, {"NAME": "esriFieldTypeString"}, max_record_count=10)
    with EsriServer({0: layer}) as server:
        assert len(fetch(server.layer_url(), "ESRI").files) == 3


def test_rows_deleted_in_the_meantime_are_not_missing(fetch: Fetch) -> None:
    counts = iter((27, 25))

    def trouble(request: Request, number: int) -> Response | None:
        asks = "returnCountOnly" in request.parameters
        return json_response({"count": next(counts)}) if asks else None

    with EsriServer({0: address_layer(25, max_record_count=10)}, trouble) as server:
        assert len(rows_of(fetch(server.layer_url(), "ESRI"))) == 25


def test_an_empty_layer_has_no_rows(problem: Fail) -> None:
    with EsriServer({0: address_layer(0)}) as server:
        found = problem(server.layer_url(), "ESRI")
    assert found.code == Code.NO_ROWS
    assert "'Addresses' has 0 rows" in found.message


def test_pages_of_an_earlier_and_longer_attempt_are_removed(fetch: Fetch) -> None:
    with EsriServer({0: address_layer(25, max_record_count=10)}) as server:
        fetch(server.layer_url(), "ESRI")
        server.layers[0] = address_layer(5)
        got = fetch(server.layer_url(), "ESRI")
    assert [path.name for path in got.files[0].parent.iterdir()] == ["page-000001.json"]


def test_object_ids_are_counted_once_whatever_they_are() -> None:
    count = RowCount()
    assert count.add([1, 2, 2, 63, 64, 64, -5, 2**40, None, None, "{A}", "{A}", "{B}", 1.5, 2.0]) == 11
    assert count.add([1, -5, None]) == 1
    assert (count.distinct, count.nameless, count.rows) == (9, 3, 12)
    assert [oid for oid in (0, 1, 2, 3, 64, -5, "{A}", "{C}", 1.5) if count.has(oid)] == [1, 2, 64, -5, "{A}", 1.5]


def test_a_few_missing_rows_may_be_tolerated_but_are_said_and_make_no_edition(fetch: Fetch) -> None:
    edited = {"editingInfo": {"lastEditDate": 5}}
    layer = address_layer(100, max_record_count=30, withheld=frozenset({7, 55}), extra=edited)
    with EsriServer({0: layer}) as server:
        got = fetch(server.layer_url(), "ESRI", replace(SETTINGS, esri_missing_share=0.02))
    (warning,) = got.warnings
    assert (warning.code, warning.pointer) == (Code.ESRI_INCOMPLETE, POINTER + "/data")
    assert warning.message.endswith("announced 100 rows and sent 98; what never came: object id 7, object id 55.")
    assert (len(rows_of(got)), got.edition) == (98, Edition())


def test_a_row_that_cannot_be_had_and_has_no_known_id_is_named_by_its_position(problem: Fail) -> None:
    with WAYS["one row fails"].server(95, max_record_count=20, lists_ids=False) as server:
        message = problem(server.layer_url(), "ESRI").message
    assert "announced 95 rows and sent 94; what never came: position 40. " in message
    assert message.endswith("answered with error 500: Error performing query operation.")


def test_rows_that_no_page_brought_are_asked_for_by_their_ids(fetch: Fetch) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        hides = request.method == "POST" and "objectIds" not in request.parameters
        server.layers[0] = replace(server.layers[0], withheld=frozenset({7, 8, 9, 55}) if hides else frozenset())
        return None

    with EsriServer({0: address_layer(100, max_record_count=3)}, trouble) as server:
        assert len(rows_of(fetch(server.layer_url(), "ESRI", ONE_BY_ONE))) == 100
    assert [page["objectIds"] for page in pages_asked(server) if "objectIds" in page] == ["7,8,9", "55"]


@pytest.mark.parametrize("ids", [[1, 2, 2**63], [1, None], ["a"], "ids"])
def test_ids_that_are_none_are_not_believed(problem: Fail, ids: Any) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        return json_response({"objectIds": ids}) if "returnIdsOnly" in request.parameters else None

    with EsriServer({0: address_layer(3, **BY_IDS, extent=False)}, trouble) as server:
        assert problem(server.layer_url(), "ESRI").code == Code.ESRI_PAGING


def test_a_number_of_rows_beyond_all_reason_is_not_planned_for(problem: Fail) -> None:
    with EsriServer({0: address_layer(3)}, lambda request, number: _counted(request, 10**15)) as server:
        found = problem(server.layer_url(), "ESRI")
    assert (found.code, "more than 200,000 requests" in found.message) == (Code.ESRI_PAGING, True)


def _counted(request: Request, rows: int) -> Response | None:
    return json_response({"count": rows}) if "returnCountOnly" in request.parameters else None


# Servers in trouble


def test_every_third_request_failing_changes_nothing(fetch: Fetch) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        return Response(b"Service Unavailable", status=503) if number % 3 == 0 else None

    with EsriServer({0: address_layer(95, max_record_count=10)}, trouble) as server:
        assert len(rows_of(fetch(server.layer_url(), "ESRI"))) == 95


def test_a_service_that_is_restarted_in_between_is_waited_for(fetch: Fetch) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        return error_response(500, "Service Demo/MapServer not started") if 5 <= number < 9 else None

    with EsriServer({0: address_layer(95, max_record_count=10)}, trouble) as server:
        assert len(rows_of(fetch(server.layer_url(), "ESRI", ONE_BY_ONE))) == 95


def test_pages_that_are_always_too_large_are_soon_asked_for_in_parts_at_once(fetch: Fetch) -> None:
    with WAYS["large pages fail"].server(400, max_record_count=10) as server:
        got = fetch(server.layer_url(), "ESRI")
    assert len(rows_of(got)) == 400
    sizes = Counter(page["resultRecordCount"] for page in pages_asked(server))
    assert sizes["5"] == len(got.files) == 80
    assert sizes["10"] < 30


def test_a_page_that_is_too_large_to_hold_is_asked_for_in_parts(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_PAGE_BYTES", 1500)
    with EsriServer({0: address_layer(40, max_record_count=20)}) as server:
        got = fetch(server.layer_url(), "ESRI", ONE_BY_ONE)
    assert len(rows_of(got)) == 40
    assert max(path.stat().st_size for path in got.files) <= 1500
    assert [page["resultRecordCount"] for page in pages_asked(server)] == ["20", "10", "10", "20", "10", "10"]


def test_a_certificate_that_fails_is_said_once_for_all_connections(
    fetch: Fetch, unknown_authority: ssl.SSLContext
) -> None:
    with EsriServer({0: address_layer(95, max_record_count=10)}, tls=unknown_authority, seconds=0.05) as server:
        got = fetch(server.layer_url(), "ESRI")
        assert server.most_open > 1
    assert [warning.code for warning in got.warnings] == [Code.TLS_UNVERIFIED]


PASSING = {
    "server error": Response(b"oops", status=500),
    "hang-up": Response(hangs_up=True),
    "cut body": Response(b'{"features": [' * 100, stops_after=50),
    "silence": Response(silent=True),
    "broken JSON": Response(b'{"features": ['),
    "web page": Response(b"<html><title>Busy</title></html>"),
    "error object": error_response(500, "Error performing query operation"),
    "no features": json_response({"fields": []}),
}


@pytest.mark.parametrize("trouble", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_tried_again(fetch: Fetch, trouble: Response) -> None:
    failing = iter([trouble])

    def in_trouble(request: Request, number: int) -> Response | None:
        return next(failing, None) if request.method == "POST" else None

    with EsriServer({0: address_layer(5)}, in_trouble) as server:
        assert len(rows_of(fetch(server.layer_url(), "ESRI", settings=replace(SETTINGS, read_seconds=0.2)))) == 5
    assert [page["resultOffset"] for page in pages_asked(server)] == ["0", "0"]


@pytest.mark.parametrize(
    ("trouble", "code", "told"),
    [
        (Response(b"oops", status=500, reason="Down"), Code.HTTP_5XX, "500 Down"),
        (Response(hangs_up=True), Code.CONNECT_FAILED, "closed the connection"),
        (Response(b"[1", length=9, stops_after=2), Code.TRUNCATED, "2 of 9 bytes"),
        (Response(b'{"features": ['), Code.ESRI_ERROR, "broken JSON"),
        (Response(b"busy"), Code.ESRI_ERROR, "4 bytes of text"),
        (Response(b"<html><title>Busy</title>"), Code.HTML_INSTEAD_OF_DATA, "titled 'Busy'"),
        (error_response(400, "Failed.", "Failed.", "No table X"), Code.ESRI_ERROR, "error 400: Failed. No table X."),
        (json_response({"fields": []}), Code.ESRI_ERROR, "without features: its members are fields"),
        (json_response({"features": 7}), Code.ESRI_ERROR, "without features: Expected `array"),
    ],
)
def test_a_server_that_never_sends_a_page_is_given_up_with_its_own_problem(
    problem: Fail, trouble: Response, code: Code, told: str
) -> None:
    with EsriServer({0: address_layer(5)}, lambda request, _: trouble if request.method == "POST" else None) as server:
        found = problem(server.layer_url(), "ESRI")
    assert found.code == code
    assert told in found.message
    assert 5 < len(pages_asked(server)) < 30


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (error_response(499, "Token Required"), Code.ESRI_TOKEN_REQUIRED),
        (error_response(498, "Invalid Token"), Code.ESRI_TOKEN_REQUIRED),
        (error_response(400, "Unable to complete operation.", "Token Required"), Code.ESRI_TOKEN_REQUIRED),
        (error_response(500, "Service Old/MapServer not found"), Code.ESRI_SERVICE_NOT_FOUND),
        (error_response(500, "Service Old/MapServer not started "), Code.ESRI_SERVICE_NOT_FOUND),
        (error_response(400, "Invalid URL", "Invalid URL"), Code.ESRI_SERVICE_NOT_FOUND),
        (error_response(500, "", "Invalid Layer or Table ID: 7."), Code.ESRI_SERVICE_NOT_FOUND),
        (error_response(404, "Not Found"), Code.ESRI_SERVICE_NOT_FOUND),
        (Response(b"gone", status=404), Code.ESRI_SERVICE_NOT_FOUND),
        (replace(error_response(499, "Token Required"), status=500), Code.ESRI_TOKEN_REQUIRED),
        (error_response(400, "Requested operation is not supported by this service."), Code.ESRI_NO_QUERY),
        (Response(b"no", status=403), Code.HTTP_401_403),
        (error_response(400, "Cannot perform it"), Code.ESRI_ERROR),
        (json_response({"status": "error", "messages": ["Could not access"]}), Code.ESRI_ERROR),
        (json_response({"error": "broken"}), Code.ESRI_ERROR),
    ],
)
def test_metadata_that_are_an_error_are_a_problem_at_once(problem: Fail, answer: Response, code: Code) -> None:
    with EsriServer({}, lambda request, number: answer) as server:
        assert problem(server.layer_url(), "ESRI").code == code
        layer = server.layer_url().removeprefix(server.url)
    assert [request.path for request in server.requests].count(layer) == 1


def test_a_token_asked_for_later_is_a_problem_at_once(problem: Fail) -> None:
    def trouble(request: Request, number: int) -> Response | None:
        return error_response(499, "Token Required") if "returnCountOnly" in request.parameters else None

    with EsriServer({0: address_layer(5)}, trouble) as server:
        assert problem(server.layer_url(), "ESRI").code == Code.ESRI_TOKEN_REQUIRED


def test_a_service_is_told_from_a_layer_and_its_layers_are_listed(problem: Fail) -> None:
    with EsriServer({0: address_layer(1), 3: address_layer(1)}) as server:
        found = problem(server.service_url, "ESRI")
    assert found.code == Code.ESRI_NO_QUERY
    assert "2 layers: 0 Addresses, 3 Addresses" in found.message


@pytest.mark.parametrize(
    "options",
    [
        {"capabilities": "Map,Data"},
        {"extra": {"type": "Raster Layer"}},
    ],
)
def test_a_layer_that_cannot_be_queried_is_no_query(problem: Fail, options: dict[str, Any]) -> None:
    with EsriServer({0: address_layer(1, **options)}) as server:
        assert problem(server.layer_url(), "ESRI").code == Code.ESRI_NO_QUERY


@pytest.mark.parametrize(
    ("fields", "options", "told"),
    [
        ({"A": "esriFieldTypeString"}, {"pagination": False}, "has no pagination and none of its 1 fields"),
        ({"A": "esriFieldTypeString"}, {"counts": False}, "cannot count its rows and none of its 1 fields"),
        (ADDRESS_FIELDS, BY_ENVELOPE | {"extent": False}, "has no usable extent"),
        (ADDRESS_FIELDS, BY_ENVELOPE | {"extra": {"extent": {"xmin": "NaN", "spatialReference": {}}}}, "no usable"),
    ],
)
def test_a_layer_without_any_way_to_page_is_a_problem(
    problem: Fail, fields: dict[str, str], options: dict[str, Any], told: str
) -> None:
    layer = Layer("Old", (Feature({"A": "1", OID: 1}, {"x": 1, "y": 1}),), fields, **options)
    with EsriServer({0: layer}) as server:
        found = problem(server.layer_url(), "ESRI")
    assert found.code == Code.ESRI_PAGING
    assert told in found.message


def test_numbers_that_are_no_json_are_taken_as_old_servers_send_them(fetch: Fetch) -> None:
    body = b'{"features": [{"attributes": {"OBJECTID": 1}, "geometry": {"x": NaN, "y": NaN}}]}'

    def trouble(request: Request, number: int) -> Response | None:
        return Response(body) if request.method == "POST" else None

    with EsriServer({0: address_layer(1)}, trouble) as server:
        assert fetch(server.layer_url(), "ESRI").files[0].read_bytes() == body
