"""Which collections there are to be: for each area and each side of the licences one, as far as it has members."""

from collections.abc import Sequence
from dataclasses import dataclass

from openaddr.collecting.areas import areas_of
from openaddr.collecting.members import Member
from openaddr.stages import Layer

FOLDER = "collections"
ZIP, PARQUET = "zip", "parquet"


@dataclass(frozen=True)
class Plan:
    """One collection that is to be: what is in it, in order."""

    area: str
    share_alike: bool
    layer: str
    kind: str
    members: tuple[Member, ...]

    @property
    def name(self) -> str:
        """`openaddr-collected-europe-sa` for the archive of old, `europe-sa-addresses` for GeoParquet."""
        area = f"{self.area}-sa" if self.share_alike else self.area
        return f"openaddr-collected-{area}" if self.kind == ZIP else f"{area}-{self.layer}"

    @property
    def key(self) -> str:
        """Where it is stored."""
        return f"{FOLDER}/{self.name}.{self.kind}"

    @property
    def manifest_key(self) -> str:
        """Where all is stored that there is to say of it."""
        return f"{FOLDER}/{self.name}.manifest.json"

    @property
    def origins(self) -> list[str]:
        """Where the source files are."""
        return sorted({member.origin for member in self.members if member.origin})


def plans_of(members: Sequence[Member]) -> list[Plan]:
    """All collections that have members, by area, archives first."""
    chosen: dict[tuple[str, bool, str], list[Member]] = {}
    for member in members:
        for area in areas_of(member.source_id):
            chosen.setdefault((area, member.is_share_alike, member.layer), []).append(member)
    plans = []
    for (area, share_alike, layer), found in sorted(chosen.items()):
        kinds = (ZIP, PARQUET) if layer == Layer.ADDRESSES else (PARQUET,)
        plans += [Plan(area, share_alike, layer, kind, tuple(found)) for kind in kinds]
    return plans
