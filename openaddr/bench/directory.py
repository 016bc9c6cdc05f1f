"""What an ESRI server offers below an address: folders, services, and the layers of each."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any
from urllib.parse import quote

from openaddr.bench.records import Directory, LayerListed, ServiceListed
from openaddr.download.address import Address, parse_address
from openaddr.download.discretion import discreetly
from openaddr.download.esri.clients import Clients
from openaddr.download.esri.moved import found, layers_of
from openaddr.download.esri.service import Service, require_web
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import Progress

KINDS = ("MapServer", "FeatureServer")
"""Services that have layers with rows."""
MAX_ANSWER = 16_000_000
MAX_REQUESTS = 150
MAX_SECONDS = 90.0
MAX_LAYERS = 500
MAX_SERVICES = 5_000
SHOWN = 200


def read_directory(entry: LayerSource, settings: Settings, progress: Progress) -> Directory:
    """All that is below the root of a server, a folder or a service, as far as that goes quickly.

    Raises ProblemError when the address itself is none of that.
    """
    address = parse_address(entry.data.strip())
    require_web(address)
    with discreetly({address}), Clients(settings, address, entry.headers) as clients:
        service = Service(clients, address, settings, MAX_ANSWER)
        info = found(service, service.describe)
        if not any(isinstance(info.get(member), list) for member in ("services", "folders", "layers", "tables")):
            members = ", ".join(list(info)[:10]) or "no members"
            message = f"{address.host} answered with neither services nor layers, but with {members}."
            raise ProblemError(Code.ESRI_SERVICE_NOT_FOUND, message)
        return _Walk(service, progress).directory(info)


@dataclass
class _Walk:
    """One pass through a server, each address asked once, with an end to requests and seconds."""

    service: Service
    progress: Progress
    requests: int = 0
    unseen: int = 0
    ends: float = field(default_factory=lambda: time.monotonic() + MAX_SECONDS)

    def directory(self, info: Mapping[str, Any]) -> Directory:
        start = self.service.address
        if isinstance(info.get("layers"), list) or isinstance(info.get("tables"), list):
            path, _, kind = start.path.strip("/").rpartition("/")
            services = [_listed(f"{path.rpartition('services/')[2]}", kind, start, info)]
        else:
            services = list(islice(self._services(info), MAX_SERVICES))
        return Directory(start.url, tuple(services), self.unseen)

    def _services(self, info: Mapping[str, Any]) -> Iterator[ServiceListed]:
        """The services of the root and of its folders. Folders name each other on servers that mean no good."""
        root = self.service.address.target.partition("/services")[0] + "/services"
        here = self.service.address.target[len(root) :].strip("/")
        folders, seen, asked = [(here, info)], {here}, set[str]()
        while folders:
            folder, content = folders.pop(0)
            for path, kind in _named(content.get("services")):
                target = f"{root}/{quote(path)}/{kind}"
                if target not in asked:
                    asked.add(target)
                    yield self._service(path, kind, target)
            for name in _texts(content.get("folders")):
                below = f"{folder}/{name}".strip("/")
                if below not in seen:
                    seen.add(below)
                    found = self._ask(f"{root}/{quote(below)}")
                    folders += [(below, found)] if found else []

    def _service(self, path: str, kind: str, target: str) -> ServiceListed:
        if kind not in KINDS:
            return ServiceListed(path, kind)
        unseen = self.unseen
        info = self._ask(target)
        if info is None:
            return ServiceListed(path, kind, problem="not asked" if self.unseen > unseen else "no usable answer")
        return _listed(path, kind, replace(self.service.address, target=target), info)

    def _ask(self, target: str) -> Mapping[str, Any] | None:
        if self.requests >= MAX_REQUESTS or time.monotonic() > self.ends:
            self.unseen += 1
            return None
        self.requests += 1
        self.progress("explore", self.requests, None, "requests")
        return self.service.look(target)


def _listed(path: str, kind: str, address: Address, info: Mapping[str, Any]) -> ServiceListed:
    """A service with the layers that it names."""
    layers = layers_of(info)
    listed = (
        LayerListed(
            number=layer["id"],
            name=str(layer.get("name") or "")[:SHOWN],
            kind=str(layer.get("type") or "")[:SHOWN],
            geometry=geometry_of(layer),
            address=f"{address.url}/{layer['id']}",
        )
        for layer in layers
        if isinstance(layer.get("id"), int)
    )
    more = max(0, len(layers) - MAX_LAYERS)
    return ServiceListed(path[:SHOWN], kind[:SHOWN], tuple(islice(listed, MAX_LAYERS)), more=more)


def geometry_of(metadata: Mapping[str, Any]) -> str:
    """`Point`, `Polygon` and so on; '' for a table and where the server does not say."""
    return str(metadata.get("geometryType") or "").removeprefix("esriGeometry")[:SHOWN]


def _named(services: object) -> Iterator[tuple[str, str]]:
    """Path and kind of each service."""
    for item in services if isinstance(services, list) else ():
        if isinstance(item, dict) and item.get("name"):
            yield str(item["name"])[:SHOWN], str(item.get("type") or "")[:SHOWN]


def _texts(values: object) -> Sequence[str]:
    return [value for value in values if isinstance(value, str) and value] if isinstance(values, list) else []
