"""What a record says in numbers, in the order in which pages show them."""

from dataclasses import dataclass

from openaddr import stages
from openaddr.recorded import MOST, Recorded, Values

ATTRIBUTES: dict[str, tuple[str, ...]] = {layer.value: names for layer, names in stages.ATTRIBUTES.items()}
STAGES = ("test", "download", "unpack", "conform", "outputs")


@dataclass(frozen=True)
class Stage:
    """One stage with its time, and the share of it in the time of all."""

    name: str
    seconds: float
    share: float


@dataclass(frozen=True)
class Fill:
    """In how many rows an attribute is filled, and with what most often; None where that is not known."""

    attribute: str
    count: int
    share: float
    values: Values | None


def stages_of(found: Recorded) -> list[Stage]:
    """In the order in which a run goes through them."""
    total = sum(found.seconds.values()) or 1.0
    order = {name: place for place, name in enumerate(STAGES)}
    named = sorted(found.seconds.items(), key=lambda item: order.get(item[0], len(order)))
    return [Stage(name, seconds, seconds / total) for name, seconds in named[:MOST]]


def fills_of(found: Recorded, layer: str) -> list[Fill]:
    """In the order of the output, in which JSON in a database is not kept."""
    rows = found.rows or 0
    attributes = ATTRIBUTES.get(layer, ())
    named = sorted(found.fills.items(), key=lambda item: attributes.index(item[0]) if item[0] in attributes else MOST)
    values = found.profile.attributes
    return [Fill(name, count, count / rows if rows > 0 else 0.0, values.get(name)) for name, count in named[:MOST]]
