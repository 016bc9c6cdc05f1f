"""The dashboard: sets over time, histograms, lost sources, and the same numbers for programs."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from dashboards import plots
from dashboards.programs.schemas import schema
from dashboards.site import publish
from openaddr.db.connections import connect, open_pool
from openaddr.storage.folder import Folder
from tests.dashboards.making import Making, record_of, site
from tests.golden import assert_golden

GOLDEN = Path(__file__).with_name("golden")
TIMES = [datetime(2026, 9, day, tzinfo=UTC) for day in (4, 11, 25)]


@pytest.fixture
def making(url: str, tmp_path: Path) -> Iterator[Making]:
    with connect(url) as conn:
        yield Making(conn, Folder(tmp_path))


def published(making: Making, url: str) -> dict[str, bytes]:
    with open_pool(url) as pool:
        publish(pool, making.storage)
    return site(making.storage)


def test_lost_sources_and_means_are_those_of_complete_sets(making: Making, url: str) -> None:
    first = making.set()
    making.run("xx/lost", set_id=first, rows=700)
    making.run("xx/kept", set_id=first, rows=20, record=record_of(seconds={"download": 10, "conform": 2, "outputs": 3}))
    making.run("xx/odd", set_id=first, rows=1, record=record_of(seconds={"download": "soon", "conform": None}))
    second = making.set()
    making.failed("xx/lost", set_id=second)
    making.run("xx/kept", set_id=second, rows=22)
    making.run("xx/kept", set_id=making.set(done=False), rows=99)
    files = published(making, url)
    found = json.loads(files["machine-stats.json"])
    Draft202012Validator(json.loads(schema("machine-stats"))).validate(found)
    assert [(point["set"], point["addresses"], point["runs"]) for point in found["timeseries"]] == [
        (first, 721, 3),
        (second, 22, 2),
    ]
    assert found["timeseries"][0]["average_cache_time"] == pytest.approx((41.5 + 10) / 2)
    assert found["last_address_counts"] == [22]
    assert [row[:2] for row in found["lost_sources"]["rows"]] == [["xx/lost", 700], ["xx/odd", 1]]
    page = files["dashboard/index.html"].decode()
    assert page.count('class="plot"') == 7 and "xx/<wbr>lost" in page and "xx/<wbr>kept" not in page


def test_a_record_without_sets_has_a_dashboard_too(making: Making, url: str) -> None:
    files = published(making, url)
    assert b"as soon as the first set is complete" in files["dashboard/index.html"]
    assert json.loads(files["machine-stats.json"])["timeseries"] == []


def test_plots_are_those_that_were_looked_at() -> None:
    line = plots.line(list(zip(TIMES, (100.0, 250.0, 180.0), strict=True)), "Addresses <&>", "{:,.0f}".format)
    bars = plots.histogram([0, 1, 29, 30, 31, 600, 1e9, -4], 600, "Seconds", "{:g} s".format)
    assert len(re.findall("<circle", line)) == 3 and len(re.findall("<rect", bars)) == plots.BINS + 1
    assert_golden(GOLDEN / "plots.svg", f"{line}\n{bars}\n")
    assert [ElementTree.fromstring(picture).tag for picture in (line, bars)] == ["svg", "svg"]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 1), (1, 1), (3, 4), (4.0, 4), (51, 80), (999, 1000), (0.03, 0.04), (1e9, 1e9)]
)
def test_scales_end_at_round_numbers(most: float, top: float) -> None:
    assert plots.nice_top(most) == pytest.approx(top)


def test_every_value_is_in_one_bar() -> None:
    values = [0, 0.1, 599.9, 600, 1e12, -1]
    assert sum(plots.binned(values, 600)) == len(values)
    assert plots.binned(values, 600)[-1] == 2


def test_too_little_makes_no_picture() -> None:
    assert plots.line([(TIMES[0], 1.0)], "x", str) == "" and plots.histogram([], 600, "x", str) == ""
