"""The Overture view, as Overture's own schema sees it."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import shapely.geometry

from openaddr.deduping import overture
from openaddr.deduping.inputs import Input
from openaddr.deduping.locality import Locality
from tests.deduping.builds import CITY, COUNTY, MAIN, Built, of_rows
from tests.outputs.consumers import consumer

VALIDATE = """
import json, sys
from overture.schema.addresses import Address
for line in open(sys.argv[1]):
    Address.model_validate_json(line)
print(json.dumps("valid"))
"""
US = Input("us/ca/alameda", "county", 3, Locality.COUNTY, licence="CC BY 4.0")
BAD: dict[str, object] = {
    "number": " 1\t",
    "street": "\u2003Main St\u00a0",
    "unit": " ",
    "city": "\n",
    "lon": 1.0,
    "lat": 1.0,
}


def seen(found: Built, select: str = "*", everything: bool = False) -> list[dict[str, Any]]:
    """What the view gives."""
    connection = duckdb.connect()
    connection.execute(overture.SQL)
    paths = [str(shard.path) for shard in found.shards]
    query = f"select {select} from overture_addresses($paths, everything := $all) order by id"
    table = connection.execute(query, {"paths": paths, "all": everything})
    names = [column[0] for column in table.description or ()]
    return [dict(zip(names, row, strict=True)) for row in table.fetchall()]


def features(found: Built) -> list[dict[str, Any]]:
    """All rows as features of GeoJSON, without what is null."""
    rows = seen(found, "* exclude (geometry, bbox), st_astext(geometry) as shape, bbox::json as box", True)
    made = []
    for row in rows:
        shape, box = shapely.geometry.mapping(shapely.from_wkt(row.pop("shape"))), json.loads(row.pop("box"))
        properties = {name: _without_null(value) for name, value in row.items() if value is not None and name != "id"}
        made.append(
            {
                "type": "Feature",
                "id": row["id"],
                "bbox": list(box.values()),
                "geometry": shape,
                "properties": properties,
            }
        )
    return made


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_null(member) for name, member in value.items() if member is not None}
    return [_without_null(member) for member in value] if isinstance(value, list) else value


@pytest.fixture
def found(tmp_path: Path) -> Built:
    """A build with duplicates, one row that says everything, and one that says nothing as it should."""
    full = MAIN | {"unit": "2", "city": "Town", "district": "D", "region": "R", "postcode": "11"}
    return of_rows(
        tmp_path, {COUNTY: [MAIN, full, BAD], CITY: [MAIN], US: [full | {"lon": -122.0}, {"lon": 1.0, "lat": 1.0}]}
    )


def test_every_row_follows_the_schema_of_overture(found: Built, tmp_path: Path) -> None:
    lines = [json.dumps(feature) for feature in features(found)]
    assert len(lines) == 6
    (tmp_path / "features.jsonl").write_text("\n".join(lines))
    assert consumer(VALIDATE, tmp_path / "features.jsonl") == "valid"


def test_without_asking_for_more_there_is_one_row_for_each_address(found: Built) -> None:
    assert len(seen(found)) == 5
    assert {len(row["id"]) for row in seen(found)} == {16}
    assert len({row["id"] for row in seen(found, everything=True)}) == 6


def test_address_levels_go_from_the_largest_to_the_smallest(found: Built) -> None:
    levels = {(row["country"], row["unit"]): row["address_levels"] for row in seen(found)}
    assert levels["XX", "2"] == [{"value": "R"}, {"value": "D"}, {"value": "Town"}]
    assert levels["US", "2"] == [{"value": "R"}, {"value": "Town"}]
    assert levels["US", None] == [{"value": None}, {"value": None}]
    assert levels["XX", None] is None


def test_a_row_names_its_source_and_licence(found: Built) -> None:
    (source,) = next(row["sources"] for row in seen(found) if row["country"] == "US" and row["unit"])
    assert source["dataset"] == "OpenAddresses/us/ca/alameda/addresses/county"
    assert (source["property"], source["license"], source["record_id"]) == ("", "CC BY 4.0", "2-0")
