"""Fetches the pages of an ESRI layer one after the other and keeps each as the server sent it."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from openaddr.download.esri.answers import read_object
from openaddr.download.esri.requests import PageRequest
from openaddr.download.esri.service import Service
from openaddr.download.esri.strategies import Plan
from openaddr.download.store import write
from openaddr.download.web import Answer
from openaddr.errors import Code, ProblemError
from openaddr.stages import Progress

ALL_FIELDS = "*"
SHAPE = {"geometryPrecision": "7", "returnGeometry": "true", "outSR": "4326"}
MAX_REQUESTS = 200_000


@dataclass(frozen=True)
class Page:
    """One answer: its bytes, the object id of each row (None where it has none), and whether rows were left out."""

    body: bytes
    oids: list[object]
    exceeded: bool


@dataclass
class RowCount:
    """Counts rows, the same object id once. Rows without an id count as they come.

    Ids are kept as bits, 64 to an entry: tens of millions of rows, numbered through as they mostly are, take tens of
    megabytes.
    """

    nameless: int = 0
    distinct: int = 0
    _bits: dict[int, int] = field(default_factory=dict)
    _others: set[object] = field(default_factory=set)

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self.nameless + self.distinct

    def with_page(self, oids: list[object]) -> int:
        """How many rows there would be with those of a page."""
        new = {oid for oid in oids if oid is not None and not self._has(oid)}
        return self.rows + len(new) + oids.count(None)

    def _has(self, oid: object) -> bool:
        if isinstance(oid, int):
            return bool(self._bits.get(oid >> 6, 0) & (1 << (oid & 63)))
        return oid in self._others

    def add(self, oids: list[object]) -> None:
        """Count the rows of a page."""
        for oid in oids:
            if oid is None:
                self.nameless += 1
            elif self._is_new(oid):
                self.distinct += 1

    def _is_new(self, oid: object) -> bool:
        if not isinstance(oid, int):
            known = oid in self._others
            self._others.add(oid)
            return not known
        place, bit = oid >> 6, 1 << (oid & 63)
        bits = self._bits.get(place, 0)
        self._bits[place] = bits | bit
        return not bits & bit


@dataclass
class Stored:
    """The pages on disk so far."""

    files: list[Path] = field(default_factory=list)
    count: RowCount = field(default_factory=RowCount)
    size: int = 0
    digest: Any = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))

    def add(self, page: Page, folder: Path) -> None:
        """Keep one more page, as `page-000001.json` and so on."""
        path = folder / f"page-{len(self.files) + 1:06}.json"
        write([page.body], path)
        self.files.append(path)
        self.count.add(page.oids)
        self.size += len(page.body)
        self.digest.update(page.body)


class PageReader:
    """Fetches one page at a time. `fields` are the fields to ask for, all when empty."""

    def __init__(self, service: Service, oid_field: str | None, fields: tuple[str, ...]) -> None:
        self._service = service
        self._out_fields = ",".join(fields) or ALL_FIELDS
        # Any: the type is made for this layer, and is known to nobody before.
        self._answer_type: Any = _answer_type(oid_field)
        self._decoder = msgspec.json.Decoder(self._answer_type)

    def fetch(self, request: PageRequest) -> Page:
        """The page asked for. Raises ProblemError."""
        if self._out_fields == ALL_FIELDS:
            return self._service.patiently(lambda: self._fetch(request), Code.ESRI_ERROR)
        try:
            return self._service.patiently(lambda: self._fetch(request))
        except ProblemError as error:
            if error.problem.code != Code.ESRI_ERROR:
                raise
        # Some servers fail on any list of fields, even on one of their own names.
        self._out_fields = ALL_FIELDS
        return self.fetch(request)

    def _fetch(self, request: PageRequest) -> Page:
        parameters = SHAPE | {"outFields": self._out_fields} | dict(request.parameters())
        answer, body = self._service.post(parameters)
        found = self._parse(answer, body)
        oids = [feature.attributes.oid if feature.attributes else None for feature in found.features]
        return Page(body, oids, bool(found.exceededTransferLimit))

    def _parse(self, answer: Answer, body: bytes) -> Any:
        """The decoded answer; what is not one goes through the slower door, where the reason is found."""
        found: Any = None
        with suppress(msgspec.MsgspecError):
            found = self._decoder.decode(body)
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


def fetch_pages(reader: PageReader, plan: Plan, folder: Path, progress: Progress) -> Stored:
    """Fetch and keep all pages of the plan; progress is told in rows. Raises ProblemError."""
    stored = Stored()
    for page in _pages(reader, plan, stored.count):
        stored.add(page, folder)
        progress("download", stored.count.rows, plan.announced, "rows")
    return stored


def _pages(reader: PageReader, plan: Plan, received: RowCount) -> Iterator[Page]:
    asked = 0
    for first in plan.pages:
        waiting = [first]
        while waiting:
            request = waiting.pop()
            asked += 1
            if asked > MAX_REQUESTS:
                raise ProblemError(Code.ESRI_PAGING, f"The layer does not end after {MAX_REQUESTS:,} requests.")
            page = reader.fetch(request)
            # A server may go on saying that there is more although all that it announced has come.
            complete = plan.announced is not None and received.with_page(page.oids) >= plan.announced
            rest = () if complete else request.rest(len(page.oids), page.exceeded)
            waiting.extend(reversed(rest))
            if not (rest and request.is_replaced):
                yield page


def _answer_type(oid_field: str | None) -> type[msgspec.Struct]:
    """The few members of an answer that matter here; all the others are only skipped over."""
    oid = msgspec.field(default=None, name=oid_field or "")
    attributes = msgspec.defstruct("Attributes", [("oid", Any, oid)])
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
