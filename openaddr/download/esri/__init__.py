"""A whole layer of an ESRI service (MapServer or FeatureServer), as the pages that the server sends."""

from pathlib import Path

from openaddr.download.address import Address
from openaddr.download.esri.fields import wanted_fields
from openaddr.download.esri.pages import PageReader, fetch_pages
from openaddr.download.esri.service import Service
from openaddr.download.esri.strategies import plan_pages
from openaddr.download.web import Client
from openaddr.errors import Code, Problem, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import Downloaded, Edition, Progress

__all__ = ["download_layer"]


def download_layer(
    entry: LayerSource, address: Address, folder: Path, settings: Settings, progress: Progress, known: Edition
) -> Downloaded:
    """Fetch all rows into `folder/page-000001.json` and so on, with geometry in EPSG:4326.

    A row may come twice, with the same object id. Raises ProblemError; ESRI_INCOMPLETE when fewer rows came than
    the server announced, counting each object id once.
    """
    if address.scheme == "ftp":
        raise ProblemError(Code.URL_INVALID, "An ESRI service has an http or https address, not one of ftp.")
    for old in folder.glob("page-*.json"):
        old.unlink()
    with Client(settings, address, entry.headers) as client:
        service = Service(client, address, settings)
        layer = service.layer()
        count = service.count()
        if count == 0:
            raise ProblemError(Code.NO_ROWS, f"{address.host} says that the layer {layer.name!r} has 0 rows.")
        plan = plan_pages(layer, count, service.ask)
        fields = wanted_fields(entry.conform, layer.fields, layer.oid_field)
        stored = fetch_pages(PageReader(service, layer.oid_field, fields), plan, folder, progress)
        missing = _missing_rows(service, stored.count.rows, plan.announced)
    warnings = list(client.warnings)
    if missing:
        message = f"{address.host} announced {plan.announced:,} rows and sent {stored.count.rows:,}."
        if missing > settings.esri_missing_share * (plan.announced or 0):
            raise ProblemError(Code.ESRI_INCOMPLETE, message)
        warnings.append(Problem(Code.ESRI_INCOMPLETE, message, pointer=f"{entry.pointer}/data"))
    return Downloaded(tuple(stored.files), stored.digest.hexdigest(), stored.size, layer.fields, tuple(warnings))


def _missing_rows(service: Service, received: int, announced: int | None) -> int:
    """How many rows did not come. The announcement is asked for again first: rows may have been deleted meanwhile."""
    if announced is None or received >= announced:
        return 0
    now = service.count()
    return max(0, (announced if now is None else min(now, announced)) - received)
