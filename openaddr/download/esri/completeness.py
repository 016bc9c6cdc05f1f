"""Whether all rows of a layer came, and a last try to get those that did not."""

from collections.abc import Sequence
from dataclasses import dataclass

from openaddr.download.esri.fetching import Fetcher
from openaddr.download.esri.layer import EsriLayer
from openaddr.download.esri.requests import IdsPage
from openaddr.download.esri.row_count import RowCount
from openaddr.download.esri.service import Service
from openaddr.download.esri.strategies import Plan, all_ids

PAGES_AT_ONCE = 50
SHOWN = 5


@dataclass(frozen=True)
class Gap:
    """What is missing: rows that were announced, rows that came, and the object ids of the others where known."""

    announced: int
    received: int
    ids: Sequence[int] = ()

    @property
    def missing(self) -> int:
        """How many rows did not come."""
        return max(self.announced - self.received, len(self.ids), 0)


def close_gap(fetcher: Fetcher, service: Service, layer: EsriLayer, plan: Plan) -> Gap:
    """What is missing at the end, after those rows whose ids are known were asked for once more, as long as some come.

    Raises ProblemError.
    """
    while True:
        gap = _gap(fetcher.received, service, layer, plan)
        before = fetcher.received.distinct
        if gap.ids:
            # Not more at once than the server was seen to send.
            page = min(layer.page, fetcher.largest)
            ids = gap.ids[: PAGES_AT_ONCE * page]
            fetcher.fetch([IdsPage(tuple(ids[start : start + page])) for start in range(0, len(ids), page)])
        if fetcher.received.distinct == before:
            return gap


def gap_message(gap: Gap, fetcher: Fetcher, host: str) -> str:
    """Expected and received, which rows are missing, and why as far as the server said it."""
    message = f"{host} announced {gap.announced:,} rows and sent {gap.received:,}"
    names = [f"object id {oid}" for oid in gap.ids] or list(dict.fromkeys(str(request) for request, _ in fetcher.lost))
    if names:
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        message += f"; what never came: {', '.join(names[:SHOWN])}{more}"
    reason = f" {fetcher.lost[-1][1].problem.message}" if fetcher.lost else ""
    return f"{message}.{reason}"


def _gap(received: RowCount, service: Service, layer: EsriLayer, plan: Plan) -> Gap:
    missing = _missing_ids(received, plan.ids)
    if plan.announced is not None and received.rows >= plan.announced and not missing:
        return Gap(plan.announced, received.rows)
    # Rows may have been deleted, or moved between pages, in the meantime: what counts is what there is now.
    now = service.count()
    ids = all_ids(service.ask) if layer.oid_field else None
    missing = _missing_ids(received, ids or ())
    known = [number for number in (plan.announced, now) if number is not None]
    announced = min(known, default=len(ids) if ids else received.rows)
    return Gap(announced, received.rows, missing)


def _missing_ids(received: RowCount, ids: Sequence[int]) -> list[int]:
    # A server that leaves the ids out of its pages cannot be checked by them.
    return [oid for oid in ids if not received.has(oid)] if received.distinct or not received.rows else []
