"""What the gate knows of a run, and of where its source says that its rows are."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import shapely

from openaddr.run import Record, Run
from openaddr.stages import Bounds


@dataclass(frozen=True)
class Figures:
    """The figures of one run, and the `day` of it. `fills` counts the rows in which an attribute is not empty."""

    rows: int
    fills: Mapping[str, int] = field(default_factory=dict)
    bounds: Bounds | None = None
    day: str = ""

    def share(self, attribute: str) -> float:
        """In which share of the rows an attribute is filled, 0 to 1."""
        return self.fills.get(attribute, 0) / self.rows if self.rows else 0.0


def figures_of(run: Run | Record, day: str = "") -> Figures:
    """The figures of a run, or of the record of an earlier one."""
    return Figures(run.account.kept, run.fills, run.bounds, day)


def declared_bounds(coverage: Mapping[str, Any]) -> Bounds | None:
    """The box around `coverage.geometry`, None when the source does not draw an area.

    A point says where a place is, not how far it reaches. Codes of countries and states would need boundaries, which
    are not here yet.
    """
    try:
        geometry = shapely.from_geojson(json.dumps(coverage.get("geometry")), on_invalid="ignore")
    except (TypeError, ValueError):
        return None
    if geometry is None or not geometry.area:
        return None
    west, south, east, north = geometry.bounds
    return west, south, east, north
