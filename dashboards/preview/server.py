"""Serves the pages of a folder, and the files that they name, to browsers of this machine alone."""

import logging
import os
import sys
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path, PurePosixPath
from socketserver import ThreadingTCPServer
from typing import Any, BinaryIO
from urllib.parse import quote, unquote

from dashboards import libraries
from dashboards.libraries import BroughtFile
from dashboards.preview.pages import RUNS, fault_page, list_page, page_of, run_page
from dashboards.preview.ranges import UnsatisfiableError, part_of
from dashboards.preview.results import paths_of_runs, result_at
from dashboards.static_files import static_files
from openaddr.errors import Code, ProblemError

HOST = "127.0.0.1"
OWN_NAMES = {HOST, "localhost"}
BLOCK = 256 * 1024
IDLE_SECONDS = 60
PAGE = "text/html; charset=utf-8"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SHOWN = {
    ".json": "application/json",
    ".pmtiles": "application/vnd.pmtiles",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}
"""Data that browsers show, or read for a map. The rest is saved: what strangers wrote could be a page with a script."""

log = logging.getLogger("openaddr.preview")


@dataclass(frozen=True)
class Answer:
    """What is sent: bytes, or an open file that can be read in parts."""

    content: bytes | BinaryIO
    media_type: str = PAGE
    status: HTTPStatus = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Security-Policy": PAGE_POLICY})


class Preview(ThreadingTCPServer):
    """The server of a folder. Raises ProblemError when the port cannot be had; 0 takes one that is free."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, root: Path, port: int = 0) -> None:
        self.root = root
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            message = f"Port {port} of {HOST} cannot be had: {error.strerror}."
            raise ProblemError(Code.PORT_TAKEN, message) from error

    @property
    def address(self) -> str:
        """Where the pages are."""
        return f"http://{HOST}:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Called when an answer could not be sent; a browser that has gone is none of our business."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            log.error("unexpected", exc_info=error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: Preview

    def do_GET(self) -> None:
        """Called for each request."""
        answer = self._answer()
        if isinstance(answer.content, bytes):
            self._send(answer, answer.content)
        else:
            with answer.content as file:
                self._send_file(answer, file)

    do_HEAD = do_GET

    def _answer(self) -> Answer:
        # Somebody else's page may have led a name of its own to this machine; any port may be the end of a tunnel.
        if self.headers.get("Host", "").partition(":")[0] not in OWN_NAMES:
            return Answer(b"Ask for the address that `openaddr preview` named.\n", "text/plain", HTTPStatus.FORBIDDEN)
        return answer_to(self.server.root, self.path)

    def _send(self, answer: Answer, content: bytes) -> None:
        self._head(answer, answer.status, {"Content-Length": str(len(content))})
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_file(self, answer: Answer, file: BinaryIO) -> None:
        status = os.fstat(file.fileno())
        known = {"Accept-Ranges": "bytes", "ETag": f'"{status.st_mtime_ns:x}-{status.st_size:x}"'}
        try:
            part = part_of(self.headers.get("Range"), status.st_size)
        except UnsatisfiableError:
            nothing = {"Content-Range": f"bytes */{status.st_size}", "Content-Length": "0"}
            return self._head(answer, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, known | nothing)
        if part is None:
            self._head(answer, answer.status, known | {"Content-Length": str(status.st_size)})
            return self._copy(file, status.st_size)
        told = {"Content-Range": part.content_range, "Content-Length": str(part.length)}
        self._head(answer, HTTPStatus.PARTIAL_CONTENT, known | told)
        file.seek(part.first)
        self._copy(file, part.length)

    def _head(self, answer: Answer, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        told = {"Content-Type": answer.media_type, "Cache-Control": "no-store"} | ALWAYS | answer.headers | headers
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()

    def _copy(self, file: BinaryIO, count: int) -> None:
        """So many bytes; fewer, and no more on this connection, where the file has become shorter meanwhile."""
        while self.command != "HEAD" and count:
            block = file.read(min(BLOCK, count))
            if not block:
                self.close_connection = True
                return
            self.wfile.write(block)
            count -= len(block)

    def log_message(self, format: str, *args: object) -> None:
        """Called for each answer: nobody wants to read that."""


@cache
def _brought() -> dict[str, BroughtFile]:
    """Files that pages load, by path."""
    return {found.path: found for found in (*static_files(), *libraries.files())}


def answer_to(root: Path, target: str) -> Answer:
    """The answer to a request for a path with its query."""
    path, _, query = target.removeprefix("/").partition("?")
    path = unquote(path)
    try:
        if path.startswith(RUNS):
            return _of_run(root, path.removeprefix(RUNS))
        if path == "":
            return _of_root(root, query)
    except ProblemError as error:
        return _fault(root, error.problem.explanation.title, error.problem.message)
    except (OSError, ValueError) as error:
        log.debug("%s", target, exc_info=error)
    except Exception as error:
        # The last border: a mistake of ours on one page does not take the others away.
        log.error("%s", target, exc_info=error)
        return _fault(root, "This page cannot be shown", f"{type(error).__name__}: {error}", ours=True)
    if found := _brought().get(path):
        kept = {"Content-Security-Policy": DATA_POLICY, "Cache-Control": "max-age=31536000, immutable"}
        return Answer(found.file.open("rb"), found.media_type, headers=kept)
    return _fault(root, "There is no such page", "No run and no file of one is at this address.")


def _of_root(root: Path, query: str) -> Answer:
    """The list, or the page of the only run."""
    paths = paths_of_runs(root)
    if len(paths) == 1 and query != "all":
        return Answer(b"", status=HTTPStatus.FOUND, headers={"Location": page_of(paths[0])})
    return Answer(list_page(root))


def _of_run(root: Path, path: str) -> Answer:
    """The page of a run or one of its files. Raises OSError where there is neither."""
    folder, _, name = path.rpartition("/")
    folder += "/" if folder else ""
    if not name:
        return Answer(run_page(root, folder))
    found = result_at(root, folder)
    if name not in {file.name for file in found.files}:
        raise FileNotFoundError(path)
    media_type = SHOWN.get(PurePosixPath(name).suffix, "")
    headers = {"Content-Security-Policy": DATA_POLICY}
    if not media_type:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Answer((found.folder / name).open("rb"), media_type or "application/octet-stream", headers=headers)


def _fault(root: Path, title: str, words: str, *, ours: bool = False) -> Answer:
    status = HTTPStatus.INTERNAL_SERVER_ERROR if ours else HTTPStatus.NOT_FOUND
    return Answer(fault_page(root, title, words), status=status)
