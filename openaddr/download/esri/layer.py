"""What an ESRI layer says about itself: the metadata of `?f=json` in, the few facts that paging needs out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openaddr.errors import Code, ProblemError

MAX_PAGE = 1000
DEFAULT_PAGE = 500
OID_TYPE = "esriFieldTypeOID"
NAMES_SHOWN = 10
GROUP = "Group Layer"
UNQUERYABLE_TYPES = ("Raster Layer", "Mosaic Layer", "Annotation Layer")


@dataclass(frozen=True)
class Extent:
    """A box in the spatial reference of the layer, which goes back to the server as it came."""

    west: float
    south: float
    east: float
    north: float
    reference: Mapping[str, Any]


@dataclass(frozen=True)
class EsriLayer:
    """A layer that can be queried. `page` is how many rows are asked for at once.

    `last_edit` is what it calls the time of its last edit, '' when it does not say.
    """

    name: str
    fields: tuple[str, ...]
    oid_field: str | None
    page: int
    can_paginate: bool
    has_statistics: bool
    extent: Extent | None
    last_edit: str = ""


def parse_layer(metadata: Mapping[str, Any], host: str) -> EsriLayer:
    """Read the metadata of a layer. Raises ProblemError: ESRI_NO_QUERY or ESRI_LAYER_CHANGED."""
    listed = metadata.get("fields")
    fields = (
        [item for item in listed if isinstance(item, dict) and item.get("name")] if isinstance(listed, list) else []
    )
    _require_queryable(metadata, bool(fields), host)
    advanced = metadata.get("advancedQueryCapabilities")
    advanced = advanced if isinstance(advanced, dict) else {}
    return EsriLayer(
        name=str(metadata.get("name") or ""),
        fields=tuple(str(item["name"]) for item in fields),
        oid_field=_oid_field(metadata, fields),
        page=min(MAX_PAGE, _whole(metadata.get("maxRecordCount")) or DEFAULT_PAGE),
        can_paginate=bool(metadata.get("supportsPagination") or advanced.get("supportsPagination")),
        has_statistics=bool(metadata.get("supportsStatistics") or advanced.get("supportsStatistics")),
        extent=_extent(metadata.get("extent")),
        last_edit=last_edit(metadata),
    )


def last_edit(metadata: Mapping[str, Any]) -> str:
    """`editingInfo.lastEditDate` as text, '' where there is none."""
    info = metadata.get("editingInfo")
    value = info.get("lastEditDate") if isinstance(info, dict) else None
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def _require_queryable(metadata: Mapping[str, Any], has_fields: bool, host: str) -> None:
    kind = metadata.get("type")
    if kind == GROUP:
        message = f"{host} calls this a {kind}, which has no rows of its own{_listed(metadata)}."
        raise ProblemError(Code.ESRI_LAYER_CHANGED, message)
    if kind in UNQUERYABLE_TYPES:
        raise _no_query(f"{host} calls this a {kind}, which has no rows of its own{_listed(metadata)}")
    if not has_fields:
        raise _no_query(
            f"{host} names no fields here, so this is a service or a folder and no layer{_listed(metadata)}"
        )
    capabilities = metadata.get("capabilities")
    if isinstance(capabilities, str) and capabilities and "query" not in capabilities.lower():
        raise _no_query(f"{host} allows {capabilities} on this layer, but not Query")


def _listed(metadata: Mapping[str, Any]) -> str:
    """The layers below, by number and name, as help for the author of the source."""
    below = next((metadata[key] for key in ("layers", "subLayers") if metadata.get(key)), ())
    layers = [item for item in below if isinstance(item, dict)] if isinstance(below, list) else []
    return f"; it holds {counted_layers(layers)}" if layers else ""


def counted_layers(layers: Sequence[Mapping[str, Any]]) -> str:
    """`2 layers: 0 Roads, 3 Parcels`, and how many more where there are many."""
    shown = ", ".join(f"{item.get('id')} {item.get('name')}" for item in layers[:NAMES_SHOWN])
    more = "" if len(layers) <= NAMES_SHOWN else f" and {len(layers) - NAMES_SHOWN} more"
    return f"{len(layers)} layer{'' if len(layers) == 1 else 's'}: {shown}{more}"


def _oid_field(metadata: Mapping[str, Any], fields: list[dict[str, Any]]) -> str | None:
    named = metadata.get("objectIdField")
    if isinstance(named, str) and named:
        return named
    return next((str(item["name"]) for item in fields if item.get("type") == OID_TYPE), None)


def _extent(value: object) -> Extent | None:
    if not isinstance(value, dict) or not isinstance(value.get("spatialReference"), dict):
        return None
    west, south, east, north = (_number(value.get(side)) for side in ("xmin", "ymin", "xmax", "ymax"))
    if not all(math.isfinite(side) for side in (west, south, east, north)):
        return None
    return Extent(west, south, east, north, value["spatialReference"])


def _number(value: object) -> float:
    """A number, also as text; NaN for everything else (empty layers have an extent of the text NaN)."""
    try:
        return float(value) if isinstance(value, (int, float, str)) else math.nan
    except ValueError:
        return math.nan


def _whole(value: object) -> int:
    number = _number(value)
    return int(number) if math.isfinite(number) and number > 0 else 0


def _no_query(message: str) -> ProblemError:
    return ProblemError(Code.ESRI_NO_QUERY, f"{message}.")
