"""Stands in for the uploads of Mapbox: credentials for a bucket that is elsewhere, then a tileset after a while."""

import json
from collections.abc import Mapping
from typing import Any

from demo.servers.serving import HttpServer, Request, Response

BUCKET, KEY = "tilestream-tilesets", "_pending/town/abc123"
CREDENTIALS = {
    "accessKeyId": "ASIAEXAMPLE",
    "secretAccessKey": "secret-of-the-upload",
    "sessionToken": "token-of-the-upload",
    "bucket": BUCKET,
    "key": KEY,
    "url": f"https://{BUCKET}.example/{KEY}",
}


class Mapbox(HttpServer):
    """One account. `polls` looks after an upload has begun it is complete; `trouble` is what happens instead.

    `trouble` has a name of a step (`credentials`, `begin`, `look`) and what is answered in its place.
    """

    def __init__(self, user: str, key: str, polls: int = 2, trouble: Mapping[str, Response] | None = None) -> None:
        super().__init__()
        self.begun: list[dict[str, Any]] = []
        self._user, self._key, self._polls = user, key, polls
        self._trouble = dict(trouble or {})

    def answer(self, request: Request) -> Response:
        """As Mapbox describes it."""
        if request.parameters.get("access_token") != self._key:
            return _said(401, message=f"Not Authorized - Invalid Token {request.parameters.get('access_token')}")
        step = self._step(request)
        if step in self._trouble:
            return self._trouble[step]
        if step == "credentials":
            return _said(200, **CREDENTIALS)
        if step == "begin":
            self.begun.append(json.loads(request.body))
            return _said(201, **self._upload(complete=False))
        if step == "look":
            self._polls -= 1
            return _said(200, **self._upload(complete=self._polls <= 0))
        return _said(404, message="Not Found")

    def _step(self, request: Request) -> str:
        base = f"/uploads/v1/{self._user}"
        steps = {f"GET {base}/credentials": "credentials", f"POST {base}": "begin", f"GET {base}/up1": "look"}
        return steps.get(f"{request.method} {request.path}", "")

    def _upload(self, complete: bool) -> dict[str, Any]:
        return {"id": "up1", "complete": complete, "error": None, "tileset": self.begun[-1]["tileset"], "progress": 0.5}


def _said(status: int, **members: Any) -> Response:
    return Response(json.dumps(members).encode(), status, {"Content-Type": "application/json"})
