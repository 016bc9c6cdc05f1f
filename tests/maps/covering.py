"""Sources with what they cover, for tests of maps: nothing but words, boxes and numbers."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from openaddr.db.maps import Member
from openaddr.db.records import RunStatus, Set
from openaddr.maps.areas import Covered, covered, source_files
from openaddr.maps.atlas import atlas
from openaddr.maps.claims import claim_of

DAY = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
SET = Set(12, "openaddresses/openaddresses", "0" * 40, DAY, DAY, DAY, "", False, None, None)
SQUARE = {"type": "Polygon", "coordinates": [[[10, 50], [11, 50], [11, 51], [10, 51], [10, 50]]]}
GERMANY = {"ISO 3166": {"alpha2": "DE"}}
ALAMEDA = {"US Census": {"geoid": "06001"}}


def member(source_id: str, *, good: bool = True, rows: int = 100, box: Any = None, **changes: Any) -> Member:
    """One layer source."""
    status = changes.pop("status", RunStatus.SUCCEEDED if good else RunStatus.FAILED)
    last = (7, rows, DAY, box) if good else (None, None, None, None)
    return Member(source_id, changes.pop("layer", "addresses"), "x", changes.pop("sha", "s"), status, *last)


def covered_by(sources: Mapping[str, object], *members: Member) -> Covered:
    """What sources with such a `coverage` cover."""
    claims = {
        source_id: claim_of(source_id, json.dumps({"coverage": coverage}).encode(), atlas())
        for source_id, coverage in sources.items()
    }
    return covered(source_files(members), claims, atlas())
