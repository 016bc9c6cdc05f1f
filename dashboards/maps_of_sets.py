"""Which sets have maps of what they cover, and what there is of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from dashboards.snapshot import Snapshot
from openaddr.maps.keys import GEOJSON, NUMBERS, set_prefix
from openaddr.maps.numbers import Numbers
from openaddr.maps.views import VIEWS
from openaddr.storage.objects import MissingError


@dataclass(frozen=True)
class MapFile:
    """One view of a set, by the keys of its pictures."""

    name: str
    title: str
    svg: str
    png: str
    width: int
    height: int


@dataclass(frozen=True)
class Maps:
    """The maps of a set."""

    set_id: int

    @property
    def views(self) -> Sequence[MapFile]:
        """World, USA and Europe."""
        begin = f"{set_prefix(self.set_id)}render-"
        return [
            MapFile(view.name, view.title, f"{begin}{view.name}.svg", f"{begin}{view.name}.png", *view.size)
            for view in VIEWS
        ]

    @property
    def geojson(self) -> str:
        """The key of all areas."""
        return f"{set_prefix(self.set_id)}{GEOJSON}"

    @property
    def numbers(self) -> str:
        """The key of the numbers."""
        return f"{set_prefix(self.set_id)}{NUMBERS}"


def maps_of(seen: Snapshot, set_id: int | str) -> Maps | None:
    """The maps of a set, None while it has none."""
    return Maps(int(set_id)) if int(set_id) in seen.mapped_sets else None


def newest_maps(seen: Snapshot) -> Maps | None:
    """Those of the newest set that has any."""
    return Maps(max(seen.mapped_sets)) if seen.mapped_sets else None


def numbers_of(seen: Snapshot, maps: Maps) -> Numbers | None:
    """What was counted when the maps were drawn, None when that cannot be read any more."""
    try:
        with seen.storage.open(maps.numbers) as file:
            return msgspec.json.decode(file.read(), type=Numbers)
    except (MissingError, msgspec.DecodeError):
        return None
