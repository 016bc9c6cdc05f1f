"""A real Chromium for tests, and what it said while a page was open."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NEEDED = "there is no Chromium on the path (Debian's package `chromium`)"
WITHOUT_GPU = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
QUIET = (
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip
WIDE, NARROW = (1280, 900), (390, 844)


@dataclass
class Opened:
    """A page, what its console said, what it asked of whom, and dialogs that it opened."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def outside(self, address: str) -> list[str]:
        """What was asked of others than the server at this address."""
        own = (address, "data:", "blob:")
        return [asked for asked in self.asked if not asked.startswith(own)]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; it draws maps by processor alone."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*WITHOUT_GPU, *QUIET])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, size: tuple[int, int] = WIDE, **options: Any) -> Iterator[Opened]:
    """A page of its own, as by somebody who was never here."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    found = Opened(context.new_page())

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.said.append(message.text)

    def ask(request: Request) -> None:
        found.asked.append(request.url)

    def refuse(dialog: Dialog) -> None:
        found.dialogs.append(dialog.message)
        dialog.dismiss()

    found.page.on("console", note)
    found.page.on("pageerror", lambda error: found.said.append(str(error)))
    found.page.on("request", ask)
    found.page.on("dialog", refuse)
    try:
        yield found
    finally:
        context.close()
