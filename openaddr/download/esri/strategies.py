"""Four ways to read a whole ESRI layer, as requests for one page each.

A page may name further pages once it is known how it came back; apart from that they do not depend on each other,
so that whoever fetches them is free in their order.
"""

import json
import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from openaddr.download.esri.layer import MAX_PAGE, EsriLayer
from openaddr.download.esri.requests import EVERYTHING, EnvelopePage, OffsetPage, OidPage, PageRequest, Parameters
from openaddr.errors import Code, ProblemError

SPARSE = 10
MAX_PAGES = 200_000
BIGGEST = 2**63


class Ask(Protocol):
    """Puts a question about the layer; None when the server refuses it, as many refuse some."""

    def __call__(self, parameters: Parameters) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True)
class Plan:
    """How a layer is read. `announced` is how many rows that should give, None when nobody knows.

    `ids` are all object ids, () when they were not listed.
    """

    pages: Sequence[PageRequest]
    announced: int | None
    ids: Sequence[int] = ()


def plan_pages(layer: EsriLayer, count: int | None, ask: Ask) -> Plan:
    """Choose the way that the layer supports. Raises ProblemError(ESRI_PAGING) when there is none."""
    if count is not None and layer.can_paginate:
        return Plan(_limited(by_offset(count, layer.page, layer.oid_field is not None)), count)
    if layer.oid_field is None:
        told = "cannot count its rows" if layer.can_paginate else "has no pagination"
        message = f"The layer {told} and none of its {len(layer.fields)} fields is an object id."
        raise ProblemError(Code.ESRI_PAGING, message)
    bounds = oid_bounds(layer.oid_field, ask) if layer.has_statistics else None
    if bounds is not None and not is_sparse(bounds, count):
        return Plan(_limited(by_statistics(layer.oid_field, *bounds, layer.page)), count)
    ids = all_ids(ask)
    if ids is not None:
        return Plan(_limited(by_ids(layer.oid_field, ids, layer.page)), len(ids) if count is None else count, ids)
    if bounds is not None:
        return Plan(_limited(by_statistics(layer.oid_field, *bounds, layer.page)), count)
    if layer.extent is None:
        message = f"The layer refuses to list its object ids ({layer.oid_field}) and has no usable extent."
        raise ProblemError(Code.ESRI_PAGING, message)
    return Plan([EnvelopePage(layer.extent, layer.page)], count)


def _limited(pages: Iterator[PageRequest]) -> list[PageRequest]:
    """The pages, which a server that makes up its numbers must not make endless."""
    found = list(islice(pages, MAX_PAGES + 1))
    if len(found) > MAX_PAGES:
        raise ProblemError(Code.ESRI_PAGING, f"The layer would take more than {MAX_PAGES:,} requests.")
    return found


def is_sparse(bounds: tuple[int, int], count: int | None) -> bool:
    """Whether ranges of object ids would mostly come back empty, so that a list of the ids costs fewer requests."""
    return count is not None and bounds[1] - bounds[0] > SPARSE * max(count, MAX_PAGE)


def by_offset(count: int, page: int, has_ids: bool) -> Iterator[PageRequest]:
    """Pages by position.

    Only rows with ids can be asked for again where they seem to be missing: others would count twice.
    """
    for offset in range(0, count, page):
        expected = min(page, count - offset) if has_ids else 0
        yield OffsetPage(offset, page, expected, is_last=has_ids and offset + page >= count)


def by_statistics(field: str, lowest: int, highest: int, page: int) -> Iterator[PageRequest]:
    """Ranges of equal width from the lowest to the highest object id."""
    for first in range(lowest, highest + 1, page):
        yield OidPage(field, first, min(first + page - 1, highest))


def by_ids(field: str, ids: Sequence[int], page: int) -> Iterator[PageRequest]:
    """Ranges that each hold a page of the ids, which are sorted."""
    for start in range(0, len(ids), page):
        end = min(start + page, len(ids))
        yield OidPage(field, ids[start], ids[end - 1], end - start)


def oid_bounds(field: str, ask: Ask) -> tuple[int, int] | None:
    """Lowest and highest object id by statistics, None unless the server also lists both as ids.

    Some servers give statistics of another table than the one they answer from.
    """
    statistics = [
        {"statisticType": kind, "onStatisticField": field, "outStatisticFieldName": f"THE_{kind.upper()}"}
        for kind in ("min", "max")
    ]
    bounds = _min_and_max(ask(EVERYTHING | {"outStatistics": json.dumps(statistics)}))
    if bounds is None:
        return None
    found = _ids(ask({"where": f"{field} = {bounds[0]} OR {field} = {bounds[1]}", "returnIdsOnly": "true"}))
    return bounds if found is not None and set(bounds) <= set(found) else None


def all_ids(ask: Ask) -> Sequence[int] | None:
    """All object ids in order, None when the server refuses."""
    found = _ids(ask(EVERYTHING | {"returnIdsOnly": "true"}))
    # Eight bytes each: layers have up to 26 million.
    return array("q", sorted(set(found))) if found else None


def _ids(answer: Mapping[str, Any] | None) -> list[int] | None:
    ids = answer.get("objectIds") if answer else None
    if not isinstance(ids, list) or not all(isinstance(item, int) and abs(item) < BIGGEST for item in ids):
        return None
    return ids


def _min_and_max(answer: Mapping[str, Any] | None) -> tuple[int, int] | None:
    """THE_MIN and THE_MAX in whatever case the database gives them back."""
    features = answer.get("features") if answer else None
    if not isinstance(features, list) or not features or not isinstance(features[0], dict):
        return None
    attributes = features[0].get("attributes")
    named = {str(key).upper(): value for key, value in attributes.items()} if isinstance(attributes, dict) else {}
    lowest, highest = named.get("THE_MIN"), named.get("THE_MAX")
    if not isinstance(lowest, (int, float)) or not isinstance(highest, (int, float)):
        return None
    return (int(lowest), int(highest)) if math.isfinite(lowest) and math.isfinite(highest) else None
