"""Five hundred texts that try to run, in eight fields of every run, read by a real Chromium with scripts on."""

from itertools import product
from pathlib import Path

import pytest

from dashboards.programs.old import MOVED
from dashboards.site import publish
from deployments.embedded import site as serving
from openaddr.db.connections import connect, open_pool
from openaddr.db.values import document, storable, word
from openaddr.storage.folder import Folder
from tests.dashboards.browser import CHROMIUM, NEEDED, chromium, opened
from tests.dashboards.making import Making, record_of, site, source_text

ELEMENTS = (
    "script", "img src=x onerror", "svg onload", "iframe srcdoc", "body onload", "video><source onerror",
    "details open ontoggle", "input autofocus onfocus", "a href", "form><button formaction", "object data",
    "embed src", "link rel=stylesheet href", "meta http-equiv=refresh content", "base href", "style>@import",
    "math><mtext", "marquee onstart", "isindex action", "x",
)  # fmt: skip
TARGETS = (
    "alert(1)", "javascript:alert(1)", "//evil.example/x", "data:text/html,<script>alert(1)</script>",
    "0;url=//evil.example",
)  # fmt: skip
CONTEXTS = (
    '<{}="{}">', '"><{}={}>', "'><{} {}", "</script></title></style></textarea><{}>{}", "--><{}\x00=\r\n\u202e{}//",
)  # fmt: skip
TEXTS = [context.format(element, target) for context, element, target in product(CONTEXTS, ELEMENTS, TARGETS)]
EVERY = 40
"""Of the pages of single runs and sources one in so many is opened; lists show all of them."""


def attack(making: Making, number: int, text: str, set_id: int) -> None:
    """A run with the text in its source, layer, name, code, problem, record, source file and commit."""
    told = {"code": text, "message": text, "hint": text, "pointer": text}
    record = record_of(warnings=[told], fills={text: 1}, seconds={text: 1.0}, fingerprint=text)
    making.run(
        word(f"xx/{number}/{text}"),
        "failed",
        set_id=set_id,
        layer=word(text),
        name=word(text),
        problem=document(told).obj,
        record=document(record).obj,
        content=source_text(website=text, data=text, license={"text": text, "url": text}, attribution=text),
        commit_sha=storable(text),
    )


@pytest.mark.skipif(CHROMIUM is None, reason=NEEDED)
def test_no_text_opens_a_dialog_or_asks_anybody_else(url: str, tmp_path: Path) -> None:
    assert len(set(TEXTS)) == 500
    folder = Folder(tmp_path / "storage")
    with connect(url) as conn, open_pool(url) as pool:
        making = Making(conn, folder)
        number = making.set()
        for place, text in enumerate(TEXTS):
            attack(making, place, text, number)
        publish(pool, folder)
    chosen = worth_a_look([path for path in site(folder) if path.endswith(".html")])
    with (
        serving.running(folder.root, tmp_path / "port", tmp_path / "log") as running,
        chromium() as browser,
        opened(browser) as seen,
    ):
        for path in chosen:
            seen.page.goto(running.address + path)
        assert seen.page.evaluate("document.scripts.length") >= 1, "scripts are on"
        assert (seen.dialogs, seen.outside(running.address), seen.said) == ([], [], [])
    assert len(chosen) > 50


def worth_a_look(paths: list[str]) -> list[str]:
    """Every list, and some of what there are hundreds of. Pages that moved would lead away while they are opened."""
    single = [path for path in paths if path.startswith(("runs/", "sources/xx/"))]
    left_out = {*single, *MOVED}
    return [path for path in paths if path not in left_out and not path.startswith("problems/")] + single[::EVERY]
