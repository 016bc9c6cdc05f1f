"""What an ESRI layer says of itself, and its first rows: two or three requests, however large it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openaddr.download.address import Address
from openaddr.download.esri.answers import read_object
from openaddr.download.esri.clients import Clients
from openaddr.download.esri.layer import EsriLayer, parse_layer
from openaddr.download.esri.moved import found
from openaddr.download.esri.pages import ALL_FIELDS, SHAPE
from openaddr.download.esri.requests import EVERYTHING, Parameters
from openaddr.download.esri.service import Service, require_web
from openaddr.download.retries import patiently
from openaddr.download.store import write
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings


@dataclass(frozen=True)
class FirstRows:
    """A page of a layer with all its fields, in a file of ours; `metadata` is what the server says of the layer.

    `count` is how many rows the layer has, None when it was not asked or does not say.
    """

    layer: EsriLayer
    metadata: Mapping[str, Any]
    page: Path
    count: int | None


def download_first_rows(
    address: Address, headers: Mapping[str, str], folder: Path, settings: Settings, rows: int, *, counted: bool
) -> FirstRows:
    """Fetch `rows` rows, or as many as a server sends that cannot be asked for so few. Raises ProblemError."""
    require_web(address)
    with Clients(settings, address, headers) as clients:
        service = Service(clients, address, settings)
        metadata = found(service, service.describe)
        layer = parse_layer(metadata, service.address.host)
        count = service.count() if counted else None
        if count == 0:
            raise ProblemError(Code.NO_ROWS, f"{service.address.host} says that the layer {layer.name!r} has 0 rows.")
        body = patiently(lambda: _page(service, _first(layer, rows)), lambda: 0, clients.allowance)
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "page-000001.json"
    write([body], page)
    return FirstRows(layer, metadata, page, count)


def _first(layer: EsriLayer, rows: int) -> Parameters:
    """Servers without pagination refuse any mention of it."""
    few = {"resultOffset": "0", "resultRecordCount": str(min(rows, layer.page))}
    return EVERYTHING | (few if layer.can_paginate else {})


def _page(service: Service, parameters: Parameters) -> bytes:
    answer, body = service.post(SHAPE | {"outFields": ALL_FIELDS} | dict(parameters))
    read_object(answer, body)
    return body
