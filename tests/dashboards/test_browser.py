"""The site in a real Chromium: readable without scripts, free of faults that axe finds, maps that answer."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.dashboards.browser import CHROMIUM, NARROW, NEEDED, Opened, chromium, opened
from tests.dashboards.conftest import Published
from tests.dashboards.windmere import CENTRE, TOWN

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDED)

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
SETTLED = "[data-state=ready], [data-state=failed]"
ALL_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
SCHEMES: dict[Literal["light", "dark"], Mapping[str, object]] = {"light": ALL_RULES, "dark": CONTRAST}
"""Contrast alone is another thing in the dark."""
EXAMINE = "rules => axe.run({runOnly: rules, resultTypes: ['violations'], preload: false}).then(all => all.violations)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def kinds(site: Published) -> dict[str, str]:
    """One page of each kind."""
    known = site.known
    return {
        "index": "",
        "list": "sources/index.html",
        "place": "sources/xx/index.html",
        "source": f"sources/{TOWN}/index.html",
        "failing source": "sources/xx/windmere/outskirts/index.html",
        "good run": f"runs/{known.good['addresses']}/index.html",
        "failed run": f"runs/{known.failed}/index.html",
        "held run": f"runs/{known.held}/index.html",
        "sample": f"runs/{known.good['addresses']}/sample.html",
        "map": f"runs/{known.good['addresses']}/map/index.html",
        "map of nothing": f"runs/{known.without_tiles}/map/index.html",
        "sets": "sets/index.html",
        "set": f"sets/{known.set_id}/index.html",
        "jobs": "jobs/index.html",
        "job": f"jobs/{known.job}/index.html",
        "health": "health/index.html",
        "problems": "problems/index.html",
        "problem": "problems/FIELD_NOT_FOUND/index.html",
        "licences": "licenses/index.html",
        "data access": "data-access/index.html",
        "collections": "collections/index.html",
        "area": "collections/global/index.html",
        "coverage": "coverage/index.html",
        "coverage of states": "coverage/us/index.html",
        "dashboard": "dashboard/index.html",
        "map of all": "map/index.html",
        "feeds": "feeds/index.html",
        "not found": "nowhere/at/all",
    }


def test_axe_finds_no_fault_on_any_kind_of_page(browser: Browser, windmere: Published) -> None:
    found: dict[str, list[str]] = {}
    # The page's own policy would keep the examiner out; that it holds is tested elsewhere.
    with opened(browser, bypass_csp=True, reduced_motion="reduce") as seen:
        for kind, path in kinds(windmere).items():
            seen.page.goto(windmere.at(path))
            if kind == "map":
                seen.page.wait_for_selector(SETTLED)
            seen.page.add_script_tag(path=AXE)
            for scheme, rules in SCHEMES.items():
                seen.page.emulate_media(color_scheme=scheme)
                violations = seen.page.evaluate(EXAMINE, rules)
                told = {
                    f"{kind}, {scheme}: {fault['id']}": [node["html"] for node in fault["nodes"]]
                    for fault in violations
                }
                found |= told
    assert not found, found


def test_pages_keep_their_own_policy_and_ask_nobody_else(browser: Browser, windmere: Published) -> None:
    with opened(browser) as seen:
        for kind, path in kinds(windmere).items():
            seen.page.goto(windmere.at(path))
            if kind == "map":
                seen.page.wait_for_selector(SETTLED)
        assert [text for text in seen.said if "404 (Not Found)" not in text] == []
        assert seen.outside(windmere.address) == []
        assert len(seen.asked) > 40


def test_without_scripts_a_file_and_a_reason_are_three_clicks_away(browser: Browser, windmere: Published) -> None:
    with opened(browser, java_script_enabled=False) as seen:
        page = seen.page
        page.goto(windmere.address)
        page.get_by_role("link", name=TOWN).first.click()
        download = page.get_by_role("link", name="CSV", exact=True)
        with page.expect_download() as event:
            download.click()
        assert event.value.suggested_filename.endswith(".zip")
        page.goto(windmere.address)
        page.get_by_role("link", name="xx/windmere/outskirts").first.click()
        expect(page.get_by_text("There is no column 'HAUSNR'; there are 'HSNR' and 'STR'.").first).to_be_visible()
        page.get_by_role("link", name="the line of the source").click()
        expect(page.get_by_text("Use 'HSNR'.").first).to_be_visible()
        expect(page.locator(".line.meant")).to_contain_text('"addresses": [')


@pytest.mark.parametrize(
    "layer, says",
    [("addresses", ["number", "33", "Lange Straße"]), ("buildings", ["hash"]), ("centerlines", ["hash"])],
)
def test_a_click_on_the_map_tells_what_is_there(
    browser: Browser, windmere: Published, layer: str, says: list[str]
) -> None:
    with opened(browser) as seen:
        go_to_map(seen, windmere, layer)
        seen.page.mouse.click(*middle(seen))
        table = seen.page.locator("[data-map-found] table")
        for text in says:
            expect(table.get_by_text(text, exact=True)).to_be_visible()
        assert seen.said == [] and seen.outside(windmere.address) == []


def test_the_map_of_all_addresses_tells_and_hides_them(browser: Browser, windmere: Published) -> None:
    with opened(browser) as seen:
        lon, lat = CENTRE
        seen.page.goto(windmere.at(f"map/index.html#17/{lat}/{lon}"))
        seen.page.wait_for_selector("[data-state=ready]")
        seen.page.mouse.click(*middle(seen))
        expect(seen.page.locator("[data-map-found] table").get_by_text("Lange Straße", exact=True)).to_be_visible()
        box = seen.page.get_by_label("addresses", exact=True)
        box.uncheck()
        seen.page.mouse.click(*middle(seen))
        expect(seen.page.get_by_role("status")).to_contain_text("Nothing is there")
        box.check()
        expect(seen.page.get_by_label("land and borders")).to_be_checked()
        assert seen.said == [] and seen.outside(windmere.address) == []


def test_the_keyboard_chooses_what_is_in_the_middle_of_the_map(browser: Browser, windmere: Published) -> None:
    with opened(browser, size=NARROW, color_scheme="dark") as seen:
        go_to_map(seen, windmere, "addresses")
        seen.page.locator("[data-map-canvas] canvas").first.focus()
        seen.page.keyboard.press("Enter")
        expect(seen.page.get_by_text("What the file says")).to_be_visible()
        expect(seen.page.get_by_role("row", name="number 33")).to_be_visible()


def test_values_of_strangers_are_text_and_nothing_else(browser: Browser, windmere: Published) -> None:
    with opened(browser) as seen:
        go_to_map(seen, windmere, "addresses", (CENTRE[0] - 4e-4, CENTRE[1]))
        seen.page.mouse.click(*middle(seen))
        expect(seen.page.get_by_role("cell", name="=1+1 <b>Gasse</b>")).to_be_visible()
        assert seen.page.locator("[data-map-found] b").count() == 0


def test_several_rows_at_one_place_are_shown_one_by_one(browser: Browser, windmere: Published) -> None:
    with opened(browser) as seen:
        go_to_map(seen, windmere, "addresses", zoom=13)
        seen.page.mouse.click(*middle(seen))
        expect(seen.page.locator("[data-map-words]")).to_contain_text("(1 of ")
        first = seen.page.locator("[data-map-found] table").inner_text()
        seen.page.get_by_role("button", name="Next one here").press("Enter")
        expect(seen.page.locator("[data-map-words]")).to_contain_text("(2 of ")
        assert seen.page.locator("[data-map-found] table").inner_text() != first
        expect(seen.page.get_by_role("button", name="Next one here")).to_be_focused()


NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null"


@pytest.mark.parametrize(
    "lacking, words",
    [
        ("webgl", "There is no map: this browser has no WebGL, which maps are drawn with."),
        ("tiles", "There is no map: its tiles cannot be read (Bad response code: 404)."),
        ("maplibre", "There is no map: Failed to fetch dynamically imported module"),
    ],
)
def test_why_there_is_no_map_is_said_in_words(browser: Browser, windmere: Published, lacking: str, words: str) -> None:
    with opened(browser) as seen:
        if lacking == "webgl":
            seen.page.add_init_script(NO_WEBGL)
        names = {"tiles": "**/addresses.pmtiles", "maplibre": "**/maplibre-gl.mjs"}
        seen.page.route(names.get(lacking, "**/nothing"), lambda route: route.fulfill(status=404))
        seen.page.goto(windmere.at(f"runs/{windmere.known.good['addresses']}/map/index.html"))
        seen.page.wait_for_selector("[data-state=failed]")
        expect(seen.page.get_by_role("status")).to_contain_text(words)
        expect(seen.page.get_by_alt_text("Where the rows are")).to_be_visible()


def test_no_page_is_wider_than_a_telephone(browser: Browser, windmere: Published) -> None:
    with opened(browser, size=NARROW) as seen:
        widths = {}
        for kind, path in kinds(windmere).items():
            seen.page.goto(windmere.at(path))
            widths[kind] = seen.page.evaluate("document.documentElement.scrollWidth")
    assert {kind: width for kind, width in widths.items() if width > NARROW[0]} == {}


def go_to_map(seen: Opened, site: Published, layer: str, place: tuple[float, float] = CENTRE, zoom: float = 17) -> None:
    """Open the map of a layer around a place, and wait until it is drawn."""
    lon, lat = place
    seen.page.goto(site.at(f"runs/{site.known.good[layer]}/map/index.html#{zoom}/{lat}/{lon}"))
    seen.page.wait_for_selector("[data-state=ready]", timeout=60_000)


def middle(seen: Opened) -> tuple[float, float]:
    """The middle of the map in pixels of the window."""
    box = seen.page.locator("[data-map-canvas]").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
