"""Typed decoding of ESRI features: the needed attributes and the geometry."""

from collections.abc import Sequence
from typing import Any

import msgspec

from openaddr.conform.readers.esri_geometry import BROKEN, EsriGeometry
from openaddr.conform.readers.json_values import Values, members_type

UNREADABLE = EsriGeometry()
"""Stands in a feature that is no object with attributes."""


class FeatureDecoder:
    """Decodes features with the attributes `names`, spelt as the page spells them; a name may come twice."""

    def __init__(self, names: Sequence[str]) -> None:
        unique = tuple(dict.fromkeys(names))
        members, getters = members_type(unique)
        by_name = dict(zip(unique, getters, strict=True))
        self._getters = [by_name[name] for name in names]
        self._no_attributes = members()
        fields = [("attributes", members | None, None), ("geometry", EsriGeometry | None, None)]
        feature: Any = msgspec.defstruct("Feature", fields, gc=False)
        self._feature = feature
        self._page = msgspec.json.Decoder(list[feature])
        self._one = msgspec.json.Decoder(feature)
        self._attributes_only = msgspec.json.Decoder(msgspec.defstruct("Attributes", fields[:1], gc=False))

    def decode(self, features: Sequence[msgspec.Raw]) -> list[Any]:
        """Features with `attributes` and `geometry`, the latter BROKEN or UNREADABLE where it has to be."""
        try:
            decoded: list[Any] = self._page.decode(b"[" + b",".join(features) + b"]")
            return decoded
        except (msgspec.DecodeError, RecursionError):
            return [self._alone(feature) for feature in features]

    def _alone(self, feature: msgspec.Raw) -> Any:
        try:
            return self._one.decode(feature)
        except (msgspec.DecodeError, RecursionError):
            pass
        try:
            attributes: Any = self._attributes_only.decode(feature)
        except (msgspec.DecodeError, RecursionError):
            return self._feature(geometry=UNREADABLE)
        return self._feature(attributes.attributes, BROKEN)

    def columns(self, features: Sequence[Any]) -> list[Values]:
        """The values of each name, None where a feature does not have it."""
        members = [feature.attributes or self._no_attributes for feature in features]
        return [list(map(getter, members)) for getter in self._getters]
