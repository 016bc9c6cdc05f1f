"""Where a layer went that is not there any more: another number in its service, or another folder of its server."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from openaddr.download.esri.layer import counted_layers
from openaddr.download.esri.service import Service
from openaddr.errors import Code, ProblemError

LAYER = re.compile(r"(.*/services)/((?:[^/]+/)*?([^/]+)/(MapServer|FeatureServer))(?:/(\d+))?", re.I)
"""An address: the root of the services, the service in it, its name, its kind, and the number of the layer."""
KINDS = ("MapServer", "FeatureServer")
MAX_REQUESTS = 30
MAX_SECONDS = 20.0
SHOWN = 3
Result = TypeVar("Result")


def found(service: Service, ask: Callable[[], Result]) -> Result:
    """What a question about the layer gives; of one that is not there, the problem says what the server has instead."""
    try:
        return ask()
    except ProblemError as error:
        raise _explained(error, service) from None


def _explained(error: ProblemError, service: Service) -> ProblemError:
    """The problem of a layer that is not there, with what the server has instead; others as they are."""
    parts = LAYER.fullmatch(service.address.target)
    if error.problem.code is not Code.ESRI_SERVICE_NOT_FOUND or not parts:
        return error
    root, path, name, _, number = parts.groups()
    layers = layers_of(service.look(f"{root}/{path}"))
    if layers:
        if number is None or int(number) in [layer.get("id") for layer in layers]:
            return error
        told = f"{service.address.host} has no layer {number} in {path}; it has {counted_layers(layers)}."
        return ProblemError(Code.ESRI_LAYER_CHANGED, told)
    places = [place for place in _places(service, root, name) if place.lower() != path.lower()]
    if not places:
        return error
    told = f"{error.problem.message} A service of the same name is at {' and '.join(places[:SHOWN])}."
    return ProblemError(Code.ESRI_SERVICE_NOT_FOUND, told)


def layers_of(info: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Layers and tables of a service."""
    listed = [info.get(kind) for kind in ("layers", "tables")] if info else []
    return [layer for layers in listed if isinstance(layers, list) for layer in layers if isinstance(layer, dict)]


def _places(service: Service, root: str, name: str) -> list[str]:
    """Where services of this name lie, as `folder/name/kind`."""
    return [
        f"{path}/{kind}"
        for path, kind in _services(service, root)
        if path.rpartition("/")[2].lower() == name.lower() and kind in KINDS
    ]


def _services(service: Service, root: str) -> Iterator[tuple[str, str]]:
    """Services of the root and of its folders, as path and kind, as far as that goes quickly."""
    folders, end = [""], time.monotonic() + MAX_SECONDS
    for _ in range(MAX_REQUESTS):
        if not folders or time.monotonic() > end:
            return
        folder = folders.pop(0)
        info = service.look(f"{root}/{folder}".rstrip("/")) or {}
        if not folder and isinstance(info.get("folders"), list):
            folders += [name for name in info["folders"] if isinstance(name, str)]
        services = info.get("services")
        for item in services if isinstance(services, list) else ():
            if isinstance(item, dict):
                yield str(item.get("name") or ""), str(item.get("type") or "")
