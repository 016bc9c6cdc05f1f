"""A whole layer of an ESRI service (MapServer or FeatureServer), as the pages that the server sends."""

import hashlib
import json
from pathlib import Path

from openaddr.download.address import Address
from openaddr.download.esri.checkpoint import Checkpoint
from openaddr.download.esri.clients import Clients
from openaddr.download.esri.completeness import close_gap, gap_message
from openaddr.download.esri.fetching import Fetcher
from openaddr.download.esri.fields import wanted_fields
from openaddr.download.esri.first import FirstRows, download_first_rows
from openaddr.download.esri.layer import EsriLayer
from openaddr.download.esri.moved import found
from openaddr.download.esri.pages import PageReader
from openaddr.download.esri.service import Service, require_web
from openaddr.download.esri.strategies import Plan, plan_pages
from openaddr.errors import Code, Problem, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import Downloaded, Edition, Progress

__all__ = ["FirstRows", "download_first_rows", "download_layer"]


def download_layer(
    entry: LayerSource, address: Address, folder: Path, settings: Settings, progress: Progress, known: Edition
) -> Downloaded:
    """Fetch all rows into `folder/page-000001.json` and so on, with geometry in EPSG:4326.

    A row may come twice, with the same object id. An earlier attempt in the folder is gone on with. A layer that was
    last edited when `known` says costs one request. Raises ProblemError; ESRI_INCOMPLETE when fewer rows came than
    the server announced, counting each object id once.
    """
    require_web(address)
    with Clients(settings, address, entry.headers) as clients:
        service = Service(clients, address, settings)
        layer = found(service, service.layer)
        edition = Edition(last_edit=layer.last_edit)
        if layer.last_edit and layer.last_edit == known.last_edit:
            return Downloaded((), "", 0, layer.fields, clients.warnings, edition, unchanged=True)
        plan = _planned(service, layer)
        fields = wanted_fields(entry.conform, layer.fields, layer.oid_field)
        checkpoint = Checkpoint(folder, _identity(layer, plan, fields))
        reader = PageReader(service, layer.oid_field, counts=plan.announced is not None)
        fetcher = Fetcher(reader, checkpoint, fields, settings, progress, plan.announced)
        incomplete = _fetch_all(fetcher, service, layer, plan, checkpoint, settings.esri_missing_share)
        stored = checkpoint.finish()
        if incomplete or (layer.last_edit and service.last_edit() != layer.last_edit):
            edition = Edition()  # what is not whole, or of two editions, has to be fetched again
    warnings = [*clients.warnings]
    if incomplete:
        warnings.append(Problem(incomplete.code, incomplete.message, pointer=f"{entry.pointer}/data"))
    return Downloaded(stored.files, stored.md5, stored.size, layer.fields, tuple(warnings), edition)


def _planned(service: Service, layer: EsriLayer) -> Plan:
    count = service.count()
    if count == 0:
        raise ProblemError(Code.NO_ROWS, f"{service.address.host} says that the layer {layer.name!r} has 0 rows.")
    return plan_pages(layer, count, service.ask)


def _identity(layer: EsriLayer, plan: Plan, fields: tuple[str, ...]) -> dict[str, object]:
    """What has to be the same for pages of an earlier attempt to be of any use."""
    pages = hashlib.md5(usedforsecurity=False)
    for page in plan.pages:
        pages.update(json.dumps(dict(page.parameters())).encode())
    return {
        "name": layer.name,
        "fields": layer.fields,
        "oid_field": layer.oid_field,
        "last_edit": layer.last_edit,
        "announced": plan.announced,
        "pages": pages.hexdigest(),
        "asked": fields,
    }


def _fetch_all(
    fetcher: Fetcher, service: Service, layer: EsriLayer, plan: Plan, checkpoint: Checkpoint, missing_share: float
) -> Problem | None:
    """Fetch the pages, then what is missing. A few missing rows may be tolerated: the problem is then a warning."""
    fetcher.fetch(plan.pages)
    if not fetcher.received.rows and fetcher.lost:
        raise fetcher.lost[-1][1]
    gap = close_gap(fetcher, service, layer, plan)
    if not gap.missing:
        return None
    message = gap_message(gap, fetcher, service.address.host)
    if gap.missing > missing_share * gap.announced:
        checkpoint.discard()
        raise ProblemError(Code.ESRI_INCOMPLETE, message)
    return Problem(Code.ESRI_INCOMPLETE, message)
