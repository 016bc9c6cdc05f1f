"""Serves a storage folder as the public site: `python -m deployments.embedded.site_server --folder F --port N`.

Pages come from `site/` and data from beside it, under one root: `/runs/7/` is a page, `/runs/7/log.txt` a file. What
the storage knows of an object is told with it: media type, caching, checksum. Nothing lists folders, and nothing leads
out of them: a path is a key, which the storage checks.
"""

import argparse
import logging
import math
import os
import re
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Receive, Scope, Send

from openaddr.errors import Code, ProblemError
from openaddr.storage.folder import Folder
from openaddr.storage.keys import checked, disposition
from openaddr.storage.objects import ALWAYS_ASK, NEVER_CHANGES, Stored

PAGES = "site/"
VERSIONED = ("site/assets/", "site/static/")
"""Pages whose path changes with their content."""
DATA = ("runs/", "latest/", "collections/", "tiles/", "dotmap/", "sets/", "cache/")
"""What of a storage is public besides pages."""
SHOWN = {"application/json", "application/vnd.pmtiles", "application/geo+json", "image/png", "text/plain"}
"""Data that a browser may show. The rest is saved: what strangers sent us could be a page with a script."""
RAW = re.compile(r"(cache/|runs/\d+/cache\.)")
"""What strangers sent us, as it came."""
TILE = re.compile(r"tiles/(-?\d{1,3}(?:\.\d+)?)/(-?\d{1,2}(?:\.\d+)?)\.zip", re.ASCII)
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_TYPES = {
    ".atom": "application/atom+xml; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".geojson": "application/geo+json",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".pmtiles": "application/vnd.pmtiles",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".zip": "application/zip",
}
"""Of pages the folder keeps no records: their names say what they are, and one without an extension is HTML."""
DATA_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin"}
READ = ("GET", "HEAD")
TOLD = ("Accept-Ranges", "Content-Length", "Content-Range", "ETag")
"""What scripts of other sites may read of an answer, as for tiles they have to."""
NOT_FOUND_PAGE = "site/404.html"
NOT_FOUND = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>There is no such page</title>
</head>
<body>
<h1>There is no such page</h1>
<p>Nothing is kept at this address. Look for the file, or for what went wrong, <a href="/">among all sources</a>.</p>
</body>
</html>
"""
NO_PAGE = HTMLResponse(NOT_FOUND, 404, {**ALWAYS, "Content-Security-Policy": PAGE_POLICY})

log = logging.getLogger("openaddr.site")


class Site:
    """The pages and data of one folder, as an ASGI application."""

    def __init__(self, folder: Path) -> None:
        self.storage = Folder(folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            opened, otherwise = await run_in_threadpool(self._found, scope["path"].removeprefix("/"), request)
        except ProblemError as error:
            log.error("%s", error.problem.message)
            opened, otherwise = None, PlainTextResponse("The storage cannot be read just now.\n", 503, ALWAYS)
        if opened is None:
            return await otherwise(scope, receive, send)
        stored, file = opened
        with file:
            await answered(stored, file, request)(scope, receive, send)

    def _found(self, path: str, request: Request) -> tuple[tuple[Stored, BinaryIO] | None, Response]:
        """What there is at a path, opened, and the answer when there is nothing."""
        if request.method not in READ:
            return None, PlainTextResponse("This can only be read.\n", 405, {**ALWAYS, "Allow": ", ".join(READ)})
        opened = self.find(path)
        return opened, NO_PAGE if opened else self._elsewhere(path, request)

    def find(self, path: str) -> tuple[Stored, BinaryIO] | None:
        """The page or the data at a path, opened; None when there is neither."""
        page = f"{path}index.html" if not path or path.endswith("/") else path
        keys = [PAGES + page] + [path] * path.startswith(DATA)
        return next((found for key in keys if _is_key(key) and (found := self._opened(key))), None)

    def _opened(self, key: str) -> tuple[Stored, BinaryIO] | None:
        """An object; None when there is none, or none that the folder may give, such as one behind a link."""
        try:
            return self.storage.opened(key)
        except ProblemError as error:
            if error.problem.code is Code.STORAGE_REFUSED:
                return None
            raise

    def _elsewhere(self, path: str, request: Request) -> Response:
        """Where to go instead: to the page of a folder, or to the tile around a place. Else there is nothing."""
        index = f"{PAGES}{path}/index.html"
        if _is_key(index) and self.storage.head(index):
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"/{quote(path)}/{query}", 301, ALWAYS)
        corner = tile_key(path)
        if corner != path and self.storage.head(corner):
            return RedirectResponse(f"/{corner}", 302, ALWAYS)
        found = self.storage.opened(NOT_FOUND_PAGE)
        if found is None:
            return NO_PAGE
        stored, file = found
        with file:
            return HTMLResponse(file.read(), 404, ALWAYS | page_headers(stored))


def answered(stored: Stored, file: BinaryIO, request: Request) -> Response:
    """The bytes of an open file, all or the wanted range, unless the asker has them already."""
    # The name of the descriptor, not of the file: another file may have taken its place by now.
    path, status = f"/dev/fd/{file.fileno()}", os.fstat(file.fileno())
    told = page_headers(stored) if stored.key.startswith(PAGES) else data_headers(stored)
    answer = FileResponse(path, headers=ALWAYS | told, media_type=told["Content-Type"], stat_result=status)
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    return NotModifiedResponse(answer.headers) if known & {stored.etag, "*"} else answer


def page_headers(stored: Stored) -> dict[str, str]:
    """What is told with a page, which loads and asks nobody but us."""
    return {
        "Content-Type": PAGE_TYPES.get(PurePosixPath(stored.key).suffix, PAGE_TYPES[".html"]),
        "Content-Security-Policy": PAGE_POLICY,
        "ETag": stored.etag,
        "Cache-Control": NEVER_CHANGES if stored.key.startswith(VERSIONED) else ALWAYS_ASK,
    }


def data_headers(stored: Stored) -> dict[str, str]:
    """What is told with data, which may load and run nothing, and is saved unless it is known to be harmless."""
    about = stored.about
    found = {
        "Content-Type": about.media_type,
        "Content-Security-Policy": DATA_POLICY,
        "ETag": stored.etag,
        "Cache-Control": about.cache_control or ALWAYS_ASK,
    }
    is_shown = about.media_type.partition(";")[0] in SHOWN and not RAW.match(stored.key)
    if about.download_as or not is_shown:
        found["Content-Disposition"] = disposition(about.download_as or PurePosixPath(stored.key).name)
    return found


def tile_key(path: str) -> str:
    """The key of the square degree around the place that an old address names; other paths as they are."""
    found = TILE.fullmatch(path)
    return "tiles/{}.0/{}.0.zip".format(*(math.floor(float(part)) for part in found.groups())) if found else path


def _is_key(key: str) -> bool:
    try:
        return bool(checked(key))
    except ValueError:
        return False


def application(folder: Path) -> Starlette:
    """The site of a storage folder, readable from pages of others too."""
    anybody = Middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=READ, allow_headers=["Range"], expose_headers=TOLD
    )
    return Starlette(routes=[Mount("/", Site(folder))], middleware=[anybody])


def main() -> None:
    """Entry point: serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="site_server")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    uvicorn.run(
        application(options.folder),
        host=options.host,
        port=options.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
