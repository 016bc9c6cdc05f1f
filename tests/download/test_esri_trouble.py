"""Every way to fail with every way to page: all rows, or a problem that says how many are missing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from demo.servers.esri import OID
from demo.servers.esri_trouble import ROWS, WAYS
from demo.servers.files import FileServer
from demo.servers.serving import Response
from openaddr.errors import Code, Problem, ProblemError
from openaddr.stages import Downloaded
from tests.download.conftest import SETTINGS

STRATEGIES: dict[str, dict[str, Any]] = {
    "offset": {},
    "statistics": {"pagination": False},
    "ids": {"pagination": False, "statistics": False},
    "envelope": {"pagination": False, "statistics": False, "lists_ids": False},
}
UNLISTED = {"offset": "", "statistics": "", "ids": "", "envelope": "announced 95 rows and sent"}
PROBLEMS: dict[str, dict[str, str] | str] = {
    "one row fails": {
        "offset": "announced 95 rows and sent 94; what never came: object id 41.",
        "statistics": "announced 95 rows and sent 94; what never came: object id 41.",
        "ids": "announced 95 rows and sent 94; what never came: object id 41.",
        "envelope": "announced 95 rows and sent 94; what never came: the box from 10.4",
    },
    "only empty pages": "announced 95 rows and sent 0",
    "rows never sent": "announced 95 rows and sent 93",
    "sends fewer without saying so": UNLISTED,
    "sends short pages now and then": UNLISTED,
    "empty pages now and then": UNLISTED,
    "counts rows that it does not have": "announced 100 rows and sent 95",
    "asks for a token after two pages": "Token Required",
    "breaks down after two pages": "answered 500",
}
"""What is said where not all rows can be had, for all strategies or for some."""


def expected(way: str, strategy: str) -> str:
    told = PROBLEMS.get(way, "")
    return told if isinstance(told, str) else told[strategy]


def ids_of(got: Downloaded) -> set[int]:
    pages = [json.loads(path.read_bytes()) for path in got.files]
    return {feature["attributes"][OID] for page in pages for feature in page["features"]}


@pytest.mark.proves("I8", kind="ESRI server misbehaves")
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("way", WAYS)
def test_all_rows_come_or_a_problem_says_how_many_are_missing(
    way: str, strategy: str, fetch: Callable[..., Downloaded]
) -> None:
    with WAYS[way].server(ROWS, max_record_count=20, **STRATEGIES[strategy]) as server:
        try:
            got = fetch(server.layer_url(), "ESRI")
        except ProblemError as error:
            assert expected(way, strategy) and expected(way, strategy) in error.problem.message
        else:
            assert not expected(way, strategy)
            ids = [
                feature["attributes"][OID]
                for path in got.files
                for feature in json.loads(path.read_bytes())["features"]
            ]
            assert set(ids) == set(range(1, ROWS + 1))
    assert server.most_open <= SETTINGS.esri_connections
    assert len(server.requests) < 300


@pytest.mark.parametrize("fields", [5, "OBJECTID", {"name": "OBJECTID"}, [5, None, {}, [1]], True])
def test_fields_that_are_no_list_of_fields_are_no_layer(fields: object, problem: Callable[..., Problem]) -> None:
    with FileServer(responses={"/layer": Response(json.dumps({"fields": fields, "name": "x"}).encode())}) as server:
        assert problem(server.url + "/layer", "ESRI").code is Code.ESRI_NO_QUERY
