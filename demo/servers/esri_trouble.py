"""The ways in which ESRI servers fail."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from demo.servers.esri import OID, EsriServer, Trouble, Twist, address_layer, error_response, json_response
from demo.servers.serving import Request, Response


@dataclass(frozen=True)
class Way:
    """One way to fail: what the layer is like, what is answered in its place, what its answers are made into, and how
    long they take."""

    layer: Mapping[str, Any] = field(default_factory=dict)
    trouble: Callable[[], Trouble] | None = None
    twist: Callable[[], Twist] | None = None
    seconds: float = 0.0

    def server(self, rows: int, **options: Any) -> EsriServer:
        """A server that fails so, with a layer of so many rows."""
        layer = address_layer(rows, **(options | dict(self.layer)))
        trouble, twist = self.trouble and self.trouble(), self.twist and self.twist()
        return EsriServer({0: layer}, trouble, twist, seconds=self.seconds)


ROWS = 95
"""The rows of the layer that the numbers below are made for, with the object ids from 1 on."""
BUSY = {"Retry-After": "0"}


def is_page(request: Request) -> bool:
    """Whether rows are asked for: those requests come by POST."""
    return request.method == "POST"


def every(step: int, response: Response) -> Callable[[], Trouble]:
    """Each so many requests of any kind are answered so."""
    return lambda: lambda request, number: response if number % step == 0 else None


def from_to(first: int, last: int, response: Response) -> Callable[[], Trouble]:
    """Requests from one number to another are answered so."""
    return lambda: lambda request, number: response if first <= number <= last else None


def pages_after(pages: int, response: Response) -> Callable[[], Trouble]:
    """After so many pages, all requests for pages are answered so."""

    def begin() -> Trouble:
        seen = 0

        def trouble(request: Request, number: int) -> Response | None:
            nonlocal seen
            seen += is_page(request)
            return response if is_page(request) and seen > pages else None

        return trouble

    return begin


def counts(*values: int) -> Callable[[], Trouble]:
    """Whenever the whole layer is counted, the next of these numbers, and the last one for ever."""

    def begin() -> Trouble:
        left = list(values)

        def trouble(request: Request, number: int) -> Response | None:
            asked = request.parameters
            if "returnCountOnly" not in asked or asked.get("where") != "1=1" or "geometry" in asked:
                return None
            return json_response({"count": left.pop(0) if len(left) > 1 else left[0]})

        return trouble

    return begin


def changed(change: Callable[[dict[str, Any]], Response | None], step: int = 1) -> Callable[[], Twist]:
    """Each so many pages are changed, as the decoded answer or into another one; errors are left alone."""

    def begin() -> Twist:
        seen = 0

        def twist(request: Request, response: Response) -> Response:
            nonlocal seen
            if not is_page(request) or response.status != 200:
                return response
            seen += 1
            answer = json.loads(response.body)
            if seen % step or "features" not in answer:
                return response
            return change(answer) or replace(response, body=json.dumps(answer).encode())

        return twist

    return begin


def _emptied(answer: dict[str, Any]) -> None:
    answer["features"].clear()


def _flagged(answer: dict[str, Any]) -> None:
    answer["exceededTransferLimit"] = True


def _without_place(answer: dict[str, Any]) -> None:
    for feature in answer["features"][:1]:
        feature["geometry"] = {"x": float("nan"), "y": float("nan")}


def _poisoned(oid: int) -> Callable[[dict[str, Any]], Response | None]:
    def change(answer: dict[str, Any]) -> Response | None:
        ids = [feature["attributes"][OID] for feature in answer["features"]]
        return error_response(500, "Error performing query operation") if oid in ids else None

    return change


def _too_large(answer: dict[str, Any]) -> Response | None:
    return Response(b"Gateway Timeout", status=504) if len(answer["features"]) > 6 else None


def _first_rows(answer: dict[str, Any]) -> None:
    answer["features"].sort(key=lambda feature: feature["attributes"][OID])
    del answer["features"][6:]


def _cut_off(step: int) -> Callable[[], Twist]:
    def begin() -> Twist:
        seen = 0

        def twist(request: Request, response: Response) -> Response:
            nonlocal seen
            seen += 1
            return replace(response, stops_after=len(response.body) // 2) if seen % step == 0 else response

        return twist

    return begin


WAYS: dict[str, Way] = {
    "slow": Way(seconds=0.01),
    "500 now and then": Way(trouble=every(3, Response(b"oops", status=500))),
    "429 with Retry-After": Way(trouble=every(4, Response(b"slow down", status=429, headers=BUSY))),
    "429 as an error object": Way(trouble=every(4, error_response(429, "Too many requests"))),
    "503 in a burst": Way(trouble=from_to(4, 13, Response(b"busy", status=503, headers=BUSY))),
    "hangs up now and then": Way(trouble=every(3, Response(hangs_up=True))),
    "body cut off": Way(twist=_cut_off(3)),
    "web page with 200": Way(trouble=every(3, Response(b"<html><title>Busy</title></html>"))),
    "error object with 200": Way(trouble=every(3, error_response(500, "Error performing query operation"))),
    "broken JSON": Way(trouble=every(3, Response(b'{"features": ['))),
    "large pages fail": Way(twist=changed(_too_large)),
    "one row fails": Way(twist=changed(_poisoned(41))),
    "empty pages now and then": Way(twist=changed(_emptied, 3)),
    "only empty pages": Way(twist=changed(_emptied)),
    "rows sent twice": Way(layer={"repeated": frozenset({1, 20, 21, 95})}),
    "rows never sent": Way(layer={"withheld": frozenset({7, 55})}),
    "sends fewer than asked": Way(layer={"caps_at": 6}),
    "sends fewer without saying so": Way(layer={"caps_at": 6, "flags": False}),
    "sends short pages now and then": Way(layer={"flags": False}, twist=changed(_first_rows, 2)),
    "always begins with the first row": Way(layer={"takes_offsets": False}),
    "always says that there is more": Way(twist=changed(_flagged)),
    "fewer rows at the end": Way(trouble=counts(ROWS + 5, ROWS)),
    "more rows at the end": Way(trouble=counts(ROWS - 15, ROWS)),
    "counts rows that it does not have": Way(trouble=counts(ROWS + 5)),
    "NaN for a place": Way(twist=changed(_without_place)),
    "asks for a token after two pages": Way(trouble=pages_after(2, error_response(499, "Token Required"))),
    "breaks down after two pages": Way(trouble=pages_after(2, Response(b"down", status=500))),
}
