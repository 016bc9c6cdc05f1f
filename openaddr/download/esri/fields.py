"""Which fields of an ESRI layer are asked for."""

from openaddr.source.model import Conform
from openaddr.source.rules import columns_of


def wanted_fields(conform: Conform | None, known: tuple[str, ...], oid_field: str | None) -> tuple[str, ...]:
    """The fields that the conform needs and the object id, in the spelling of the layer and without repetition.

    () means all: where nothing is needed, or where the layer does not know something that is, so that a later stage
    can say what there is instead.
    """
    rules = [rule for _, rule in conform.rules] if conform else []
    rules += [rule for rule in (conform.lon, conform.lat) if rule is not None] if conform else []
    needed = [name for rule in rules for name in columns_of(rule)]
    spelt = {name.casefold(): name for name in reversed(known)}
    found = [name if name in known else spelt.get(name.casefold()) for name in needed]
    if not found or None in found:
        return ()
    return tuple(dict.fromkeys(name for name in (oid_field, *found) if name))
