"""Asks for one page of an ESRI layer and looks at what came."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from openaddr.download.esri.answers import decoded, read_object
from openaddr.download.esri.requests import PageRequest
from openaddr.download.esri.service import Service
from openaddr.download.web import Answer
from openaddr.errors import Code, ProblemError

ALL_FIELDS = "*"
SHAPE = {"geometryPrecision": "7", "returnGeometry": "true", "outSR": "4326"}


@dataclass(frozen=True)
class Page:
    """One answer: its bytes, the object id of each row (None where it has none), and whether the server says that it
    left rows out. `is_whole` says that it did not, whatever it says."""

    body: bytes
    oids: list[object]
    exceeded: bool
    is_whole: bool = False

    @property
    def rows(self) -> int:
        """How many rows came, the same object id once."""
        nameless = self.oids.count(None)
        return nameless + len(set(self.oids)) - (nameless > 0)


class PageReader:
    """Fetches pages, for any thread. `counts` says that the server can count the rows of a part of the layer."""

    def __init__(self, service: Service, oid_field: str | None, *, counts: bool) -> None:
        self._service = service
        self._counts = counts
        # Any: the type is made for this layer, and is known to nobody before.
        self._answer_type: Any = _answer_type(oid_field)
        self._decoder = msgspec.json.Decoder(self._answer_type)

    @property
    def seconds_left(self) -> float:
        """How long the download may still go on; below 0 when its time is up."""
        return self._service.seconds_left

    def fetch(self, request: PageRequest, out_fields: str) -> Page:
        """The page asked for, in one try. Raises ProblemError."""
        answer, body = self._service.post(SHAPE | {"outFields": out_fields} | dict(request.parameters()))
        page = _page(body, self._parse(answer, body))
        if self._counts and request.is_replaced and request.rest(page.rows, page.exceeded):
            # Servers say that there is more where there is not, and fetching all that again in parts may take for ever.
            count = self._service.count_of(request.parameters())
            if count is not None and count <= page.rows:
                return replace(page, is_whole=True)
        return page

    def oids_in(self, body: bytes) -> list[object]:
        """The object ids of a page that came before."""
        found = self._decoded(body) or msgspec.convert(decoded(body), self._answer_type, strict=False)
        return _page(body, found).oids

    def _decoded(self, body: bytes) -> Any:
        found: Any = None
        with suppress(msgspec.MsgspecError):
            found = self._decoder.decode(body)
        return found

    def _parse(self, answer: Answer, body: bytes) -> Any:
        """The decoded answer; what is not one goes through the slower door, where the reason is found."""
        found = self._decoded(body)
        if found is not None and found.features is not None and not found.error and answer.response.status == 200:
            return found
        value = read_object(answer, body)
        try:
            found = msgspec.convert(value, self._answer_type, strict=False)
        except msgspec.ValidationError as error:
            raise _no_features(answer, str(error)) from None
        if found.features is None:
            raise _no_features(answer, f"its members are {', '.join(list(value)[:10]) or 'none'}")
        return found


def _page(body: bytes, found: Any) -> Page:
    oids = [feature.attributes.oid if feature.attributes else None for feature in found.features]
    return Page(body, oids, bool(found.exceededTransferLimit))


def _answer_type(oid_field: str | None) -> type[msgspec.Struct]:
    """The few members of an answer that matter here; all the others are only skipped over."""
    oid = msgspec.field(default=None, name=oid_field or "")
    attributes = msgspec.defstruct("Attributes", [("oid", int | float | str | None, oid)])
    feature = msgspec.defstruct("Feature", [("attributes", attributes | None, None)])
    return msgspec.defstruct(
        "Answer",
        [
            ("features", list[feature] | None, None),  # type: ignore[valid-type]
            ("exceededTransferLimit", bool | None, None),
            ("error", Any, None),
        ],
    )


def _no_features(answer: Answer, reason: str) -> ProblemError:
    return ProblemError(Code.ESRI_ERROR, f"{answer.address.host} answered a query without features: {reason}.")
