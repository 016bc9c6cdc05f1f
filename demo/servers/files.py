"""A web server for the files of a folder, and for paths that misbehave."""

import ssl
from collections.abc import Mapping
from pathlib import Path

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
    """Files of `folder` (none without one); a path in `responses` answers with its response instead."""

    def __init__(
        self,
        folder: Path | None = None,
        responses: Mapping[str, Response] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(tls)
        self.folder = folder
        self.responses = dict(responses or {})

    def answer(self, request: Request) -> Response:
        """The response of the table, the file, or 404."""
        if request.path in self.responses:
            return self.responses[request.path]
        path = self._file(request.path)
        if path is None:
            return Response(b"There is no such file.\n", status=404, headers={"Content-Type": "text/plain"})
        media_type = MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
        return Response(path.read_bytes(), headers={"Content-Type": media_type})

    def _file(self, path: str) -> Path | None:
        if self.folder is None:
            return None
        root = self.folder.resolve()
        found = (root / path.lstrip("/")).resolve()
        return found if found.is_relative_to(root) and found.is_file() else None


def redirect(location: str, status: int = 302) -> Response:
    """A redirect to another address."""
    return Response(status=status, headers={"Location": location})
