"""A stand-in for an ESRI MapServer: metadata, counts, ids, statistics and pages, and the ways in which they fail."""

import json
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from demo.servers.serving import HttpServer, Request, Response

SERVICES = "/arcgis/rest/services"
ROOT = f"{SERVICES}/Demo/MapServer"
OID = "OBJECTID"
RANGE = re.compile(r"(\w+) (>=?) (-?\d+) AND \1 <= (-?\d+)")
EITHER = re.compile(r"(\w+) = (-?\d+) OR \1 = (-?\d+)")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Feature:
    """Attributes and an ESRI geometry in EPSG:4326."""

    attributes: Row
    geometry: Mapping[str, Any] | None


@dataclass(frozen=True)
class Layer:
    """One layer: its rows, what it can do, and where it lies.

    Rows in `withheld` (object ids) are announced and never sent. `repeated` are sent twice. `caps_at` is how many
    rows it really sends at once, whatever `max_record_count` says; without `flags` it does not say that it left any
    out. Without `takes_offsets` it always begins with the first row.
    """

    name: str
    features: tuple[Feature, ...]
    fields: Mapping[str, str]
    max_record_count: int | None = 1000
    capabilities: str = "Map,Query,Data"
    pagination: bool = True
    statistics: bool = True
    lists_ids: bool = True
    counts: bool = True
    takes_field_lists: bool = True
    takes_offsets: bool = True
    extent: bool = True
    flags: bool = True
    caps_at: int | None = None
    withheld: frozenset[int] = frozenset()
    repeated: frozenset[int] = frozenset()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def oid_field(self) -> str | None:
        """The field of object ids, None when the layer has none."""
        return next((name for name, kind in self.fields.items() if kind == "esriFieldTypeOID"), None)


def address_layer(rows: int, **options: Any) -> Layer:
    """A layer of `rows` made-up addresses on a grid, ten to a street."""
    return Layer("Addresses", tuple(_address(number) for number in range(1, rows + 1)), ADDRESS_FIELDS, **options)


ADDRESS_FIELDS = {
    OID: "esriFieldTypeOID",
    "HOUSE": "esriFieldTypeInteger",
    "STREET": "esriFieldTypeString",
    "UPDATED": "esriFieldTypeDate",
}


def _address(number: int) -> Feature:
    attributes = {OID: number, "HOUSE": number % 10 + 1, "STREET": f"Street {number // 10}", "UPDATED": 1.5e12}
    return Feature(attributes, {"x": 10 + (number % 100) / 100, "y": 50 + (number // 100) / 100})


Trouble = Callable[[Request, int], Response | None]
"""May answer a request in place of the layer; gets the request and its number from 1."""
Twist = Callable[[Request, Response], Response]
"""Makes something else of an answer."""


class EsriServer(HttpServer):
    """Layers by number, in the service Demo/MapServer.

    Other services are listed by folder, '' for the root, as (path, kind). `seconds` is how long an answer takes;
    `most_open` is how many requests were waiting for theirs at once.
    """

    def __init__(
        self,
        layers: Mapping[int, Layer],
        trouble: Trouble | None = None,
        twist: Twist | None = None,
        services: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
        seconds: float = 0.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(tls)
        self.layers = dict(layers)
        self.trouble = trouble
        self.twist = twist
        self.services = dict(services or {})
        self.seconds = seconds
        self.most_open = 0
        self._open = 0
        self._numbers = count(1)
        self._lock = threading.Lock()

    @property
    def service_url(self) -> str:
        """The address of the service."""
        return self.url + ROOT

    def layer_url(self, number: int = 0) -> str:
        """The address of a layer, as it stands in a source."""
        return f"{self.service_url}/{number}"

    def answer(self, request: Request) -> Response:
        """What the service says."""
        with self._lock:
            self._open += 1
            self.most_open = max(self.most_open, self._open)
            trouble = self.trouble(request, next(self._numbers)) if self.trouble else None
        self.ending.wait(self.seconds)
        response = trouble or self._service(request)
        with self._lock:
            self._open -= 1
            return self.twist(request, response) if self.twist else response

    def _service(self, request: Request) -> Response:
        if request.parameters.get("f") != "json":
            return Response(b"<html><title>ArcGIS REST Services Directory</title></html>", headers=_type("text/html"))
        folder = request.path.removeprefix(SERVICES).strip("/")
        if folder in self.services:
            return _listing(self.services, folder)
        parts = request.path.removeprefix(ROOT).strip("/").split("/")
        if parts == [""] and self.layers:
            listed = [{"id": number, "name": layer.name} for number, layer in self.layers.items()]
            return json_response({"mapName": "Demo", "layers": listed})
        if not request.path.startswith(ROOT) or not self.layers:
            return error_response(404, f"Service {folder} not found")
        layer = self.layers.get(int(parts[0])) if parts[0].isdigit() else None
        if layer is None:
            return error_response(500, "", f"Invalid Layer or Table ID: {parts[0]}.")
        if len(parts) == 1:
            return json_response(_metadata(layer))
        return _query(layer, request.parameters)


def _listing(services: Mapping[str, tuple[tuple[str, str], ...]], folder: str) -> Response:
    """The services of a folder; the folders themselves stand in the root."""
    listed = [{"name": path, "type": kind} for path, kind in services[folder]]
    folders = [name for name in services if name] if not folder else []
    return json_response({"currentVersion": 11, "folders": folders, "services": listed})


def json_response(value: object) -> Response:
    """A JSON answer."""
    return Response(json.dumps(value).encode(), headers=_type("application/json; charset=utf-8"))


def error_response(code: int, message: str, *details: str) -> Response:
    """An error in the way of ESRI: status 200 and an error object."""
    return json_response({"error": {"code": code, "message": message, "details": list(details)}})


def _type(media_type: str) -> dict[str, str]:
    return {"Content-Type": media_type}


def _metadata(layer: Layer) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": layer.name,
        "type": "Feature Layer",
        "fields": [{"name": name, "type": kind, "alias": name} for name, kind in layer.fields.items()],
        "capabilities": layer.capabilities,
        "supportsStatistics": layer.statistics,
        "advancedQueryCapabilities": {"supportsPagination": layer.pagination},
        "extent": _extent(layer),
    }
    if layer.max_record_count is not None:
        found["maxRecordCount"] = layer.max_record_count
    return found | dict(layer.extra)


def _extent(layer: Layer) -> dict[str, Any] | None:
    boxes = [_box(feature.geometry) for feature in layer.features if feature.geometry]
    if not boxes or not layer.extent:
        return None
    west, south, east, north = (min if side < 2 else max for side in range(4))
    return {
        "xmin": west(box[0] for box in boxes),
        "ymin": south(box[1] for box in boxes),
        "xmax": east(box[2] for box in boxes),
        "ymax": north(box[3] for box in boxes),
        "spatialReference": {"wkid": 4326},
    }


def _query(layer: Layer, asked: Mapping[str, str]) -> Response:
    if "Query" not in layer.capabilities:
        return error_response(400, "Requested operation is not supported by this service.")
    rows = [feature for feature in layer.features if _matches(feature, asked)]
    if asked.get("returnCountOnly") == "true":
        return json_response({"count": len(rows)}) if layer.counts else error_response(400, "Unable to count.")
    if asked.get("returnIdsOnly") == "true":
        return _ids(layer, rows)
    if "outStatistics" in asked:
        return _statistics(layer, rows, json.loads(asked["outStatistics"]))
    return _page(layer, rows, asked)


def _matches(feature: Feature, asked: Mapping[str, str]) -> bool:
    where, attributes = asked.get("where", ""), feature.attributes
    if found := RANGE.fullmatch(where):
        first = int(found[3]) + (found[2] == ">")
        matches = first <= attributes[found[1]] <= int(found[4])
    elif found := EITHER.fullmatch(where):
        matches = attributes[found[1]] in (int(found[2]), int(found[3]))
    elif "objectIds" in asked:
        matches = str(attributes[OID]) in asked["objectIds"].split(",")
    else:
        matches = where == "1=1"
    return matches and ("geometry" not in asked or _touches(feature, json.loads(asked["geometry"])))


def _touches(feature: Feature, envelope: Mapping[str, float]) -> bool:
    if feature.geometry is None:
        return False
    west, south, east, north = _box(feature.geometry)
    return (
        west <= envelope["xmax"]
        and east >= envelope["xmin"]
        and south <= envelope["ymax"]
        and north >= envelope["ymin"]
    )


def _box(geometry: Mapping[str, Any]) -> tuple[float, float, float, float]:
    if "x" in geometry:
        return geometry["x"], geometry["y"], geometry["x"], geometry["y"]
    points = [point for part in geometry.get("rings", geometry.get("paths")) for point in part]
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return min(xs), min(ys), max(xs), max(ys)


def _ids(layer: Layer, rows: list[Feature]) -> Response:
    if not layer.lists_ids or layer.oid_field is None:
        return error_response(400, "Failed to execute query.")
    ids = [feature.attributes[layer.oid_field] for feature in rows]
    # Real servers list them in no particular order.
    return json_response({"objectIdFieldName": layer.oid_field, "objectIds": ids[::-1]})


def _statistics(layer: Layer, rows: list[Feature], asked: list[dict[str, str]]) -> Response:
    if not layer.statistics:
        return error_response(400, "Statistics are not supported.")
    kinds = {"min": min, "max": max}
    found = {
        item["outStatisticFieldName"]: kinds[item["statisticType"]](
            feature.attributes[item["onStatisticField"]] for feature in rows
        )
        for item in asked
    }
    return json_response({"features": [{"attributes": found}]})


def _page(layer: Layer, rows: list[Feature], asked: Mapping[str, str]) -> Response:
    names = asked.get("outFields", "*")
    if names != "*" and not layer.takes_field_lists:
        return error_response(400, "Failed to execute query.")
    if "resultOffset" in asked and not layer.pagination:
        return error_response(400, "Pagination is not supported.")
    start = int(asked.get("resultOffset", 0)) if layer.takes_offsets else 0
    most = layer.max_record_count or 1000
    limit = min(int(asked.get("resultRecordCount", most)), most, layer.caps_at or most)
    page = rows[start : start + limit]
    sent = [feature for feature in page for _ in range(_times(layer, feature))]
    found: dict[str, Any] = {
        "objectIdFieldName": layer.oid_field,
        "features": [_sent(feature, names) for feature in sent],
    }
    if start + limit < len(rows) and layer.flags:
        found["exceededTransferLimit"] = True
    return json_response(found)


def _times(layer: Layer, feature: Feature) -> int:
    if layer.oid_field is None:
        return 1
    oid = feature.attributes[layer.oid_field]
    return 0 if oid in layer.withheld else 2 if oid in layer.repeated else 1


def _sent(feature: Feature, names: str) -> dict[str, Any]:
    kept = set(names.split(","))
    attributes = {key: value for key, value in feature.attributes.items() if names == "*" or key in kept}
    return {"attributes": attributes} | ({"geometry": feature.geometry} if feature.geometry else {})
