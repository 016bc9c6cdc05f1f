"""A preview in a real Chromium: the map draws and answers, nobody else is asked, axe finds no fault."""

from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Browser, expect

from dashboards.preview.server import Preview
from tests.dashboards.browser import CHROMIUM, NARROW, NEEDED, Opened, chromium, opened
from tests.dashboards.preview.conftest import BROKEN, CENTRE, GOOD, HOSTILE
from tests.dashboards.test_browser import ALL_RULES, AXE, CONTRAST, SETTLED

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NEEDED)
PAGES = ("?all", f"runs/{GOOD}", f"runs/{BROKEN}", "nowhere")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_a_click_on_the_map_tells_what_is_there_and_nobody_else_is_asked(browser: Browser, server: Preview) -> None:
    with opened(browser) as seen:
        lon, lat = CENTRE
        seen.page.goto(f"{server.address}runs/{GOOD}#17/{lat}/{lon}")
        seen.page.wait_for_selector("[data-state=ready]", timeout=60_000)
        box = seen.page.locator("[data-map-canvas]").bounding_box()
        assert box
        seen.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        table = seen.page.locator("[data-map-found] table")
        for text in ("number", "36", HOSTILE):
            expect(table.get_by_text(text, exact=True)).to_be_visible()
        assert seen.page.locator("[data-map-found] b").count() == 0
        assert seen.said == [] and seen.dialogs == [] and seen.outside(server.address) == []
        assert any(asked.endswith(".pmtiles") for asked in seen.asked)


def test_axe_finds_no_fault_and_no_page_is_wider_than_a_telephone(browser: Browser, server: Preview) -> None:
    found: dict[str, list[str]] = {}
    widths = {}
    # The page's own policy would keep the examiner out; that it holds is tested above.
    with opened(browser, size=NARROW, bypass_csp=True, reduced_motion="reduce") as seen:
        for path in PAGES:
            seen.page.emulate_media(color_scheme="light")
            seen.page.goto(f"{server.address}{path}")
            if path == f"runs/{GOOD}":
                seen.page.wait_for_selector(SETTLED, timeout=60_000)
            widths[path] = seen.page.evaluate("document.documentElement.scrollWidth")
            seen.page.add_script_tag(path=AXE)
            found |= faults(seen, path, ALL_RULES)
            seen.page.emulate_media(color_scheme="dark")
            found |= faults(seen, f"{path} in the dark", CONTRAST)
    assert not found, found
    assert {path: width for path, width in widths.items() if width > NARROW[0]} == {}


def faults(seen: Opened, name: str, rules: Mapping[str, object]) -> dict[str, list[str]]:
    """What axe finds on the page that is open."""
    violations = seen.page.evaluate("rules => axe.run({runOnly: rules}).then(all => all.violations)", rules)
    return {f"{name}: {fault['id']}": [node["html"] for node in fault["nodes"]] for fault in violations}
