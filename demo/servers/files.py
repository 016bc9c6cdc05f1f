"""A web server for the files of a folder, and for paths that misbehave."""

import ssl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from demo.servers.editions import conditional, edition
from demo.servers.serving import HttpServer, Request, Response

MEDIA_TYPES = {
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".zip": "application/zip",
    ".gz": "application/gzip",
    ".xml": "application/xml",
    ".gml": "application/gml+xml",
    ".kml": "application/vnd.google-earth.kml+xml",
    ".html": "text/html; charset=utf-8",
}


class FileServer(HttpServer):
    """Files of `folder` (none without one), whole, in part, or not when they are known already.

    A path in `responses` answers with its response instead, or with several, one after the other; the last one stays.
    The first answers that bring a file are cut off after as many bytes as `cuts` says, one after the other;
    with `silence_after_cut` such a connection stays open instead.
    """

    def __init__(
        self,
        folder: Path | None = None,
        responses: Mapping[str, Response | list[Response]] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(tls)
        self.folder = folder
        self.responses = dict(responses or {})
        self.cuts: list[int] = []
        self.silence_after_cut = False

    def answer(self, request: Request) -> Response:
        """The response of the table, the file, or 404."""
        if request.path in self.responses:
            return self._next(self.responses[request.path])
        path = self._file(request.path)
        if path is None:
            return Response(b"There is no such file.\n", status=404, headers={"Content-Type": "text/plain"})
        media_type = MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
        body = path.read_bytes()
        headers = {"Content-Type": media_type, **edition(body, path.stat().st_mtime)}
        answer = conditional(request, Response(body, headers=headers))
        if not self.cuts:
            return answer
        return replace(answer, stops_after=self.cuts.pop(0), silent=self.silence_after_cut)

    def _next(self, responses: Response | list[Response]) -> Response:
        if isinstance(responses, Response):
            return responses
        return responses.pop(0) if len(responses) > 1 else responses[0]

    def _file(self, path: str) -> Path | None:
        if self.folder is None:
            return None
        root = self.folder.resolve()
        found = (root / path.lstrip("/")).resolve()
        return found if found.is_relative_to(root) and found.is_file() else None


def redirect(location: str, status: int = 302) -> Response:
    """A redirect to another address."""
    return Response(status=status, headers={"Location": location})
