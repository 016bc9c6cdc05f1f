"""One file over http or https: one request when all goes well, and as many as make sense when it does not."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from openaddr.download.address import Address
from openaddr.download.allowance import Allowance
from openaddr.download.discretion import discreetly
from openaddr.download.kinds import Kind, has_markup, kind_of, page_title
from openaddr.download.names import extension, media_type, of_name, suggested_name
from openaddr.download.part import Part
from openaddr.download.ranges import continues, range_of, whole_of
from openaddr.download.retries import PassingError, patiently
from openaddr.download.store import Tally, require_room
from openaddr.download.web import Answer, Client
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import Downloaded, Edition, Progress

SEPARATORS = (b",", b";", b"|", b"\t")
NO_EDITION = Edition()
BUSY = (202, 429, 500, 502, 503, 504)


def download_http(
    entry: LayerSource, address: Address, folder: Path, settings: Settings, progress: Progress, known: Edition
) -> Downloaded:
    """Fetch the address into `folder/data<ext>`, going on where an earlier attempt was cut off. Raises ProblemError."""
    allowance = Allowance(settings)
    with Client(settings, address, entry.headers, allowance) as client, discreetly(client.visited):
        part = Part(folder)
        allowance.keep(address.host, part.size)
        fetch = _Fetch(client, address, part, progress, known)
        return patiently(fetch.attempt, lambda: part.tally.size, allowance)


class _Fetch:
    """Attempts at one file, each of which goes on where the one before it ended."""

    def __init__(self, client: Client, address: Address, part: Part, progress: Progress, known: Edition) -> None:
        self._client = client
        self._address = address
        self._part = part
        self._progress = progress
        self._known = known

    def attempt(self) -> Downloaded:
        """The whole file, or the news that it is the edition known. Raises ProblemError."""
        answer = self._ask()
        warnings = tuple(self._client.warnings)
        if answer.response.status == 304:
            answer.response.close()
            return Downloaded((), "", 0, warnings=warnings, edition=self._known, unchanged=True)
        saved = self._save(answer)
        if not saved.size:
            raise ProblemError(Code.DATA_EMPTY, f"{answer.address.host} answered 200 with 0 bytes.")
        refuse_page(answer, self._address, saved)
        name = name_of(answer, self._address, saved)
        edition = edition_of(answer.response.headers)
        return Downloaded((self._part.finish(name),), saved.md5, saved.size, warnings=warnings, edition=edition)

    def _ask(self) -> Answer:
        """The answer that brings the file, what is missing of it, or the news that it is known. Raises ProblemError."""
        conditions = _conditions(self._known) | range_of(self._part)
        answer = self._client.request(self._address, conditions=conditions)
        status = answer.response.status
        if self._part.size:
            if status == 206 and continues(answer, self._part):
                return answer
            if status in (206, 416):
                self._part.begin(None)
                return self._again(answer)
        if status == 304 and _conditions(self._known):
            if _is_about(answer, self._known):
                return answer
            self._known = NO_EDITION
            return self._again(answer)
        require_ok(answer)
        self._part.begin(whole_of(answer))
        return answer

    def _again(self, answer: Answer) -> Answer:
        answer.response.close()
        return self._ask()

    def _save(self, answer: Answer) -> Tally:
        """The part with all that the answer brings. Raises ProblemError."""
        had, promised = self._part.tally.size, answer.promised
        total = None if promised is None else had + promised
        if promised is not None:
            self._client.allowance.require(answer.address.host, promised)
            require_room(self._part.folder, promised)
        blocks = answer.blocks(decode=not is_gzip_file(answer, self._address))
        self._part.save(blocks, lambda _: self._progress("download", had + answer.received, total, "bytes"))
        self._part.require_whole(answer.address.host)
        return self._part.tally


def require_ok(answer: Answer) -> None:
    """Raise ProblemError unless the status is 200: nothing else carries the data that was asked for."""
    if answer.response.status != 200:
        raise status_problem(answer)


def status_problem(answer: Answer) -> ProblemError:
    """The problem that a status other than 200 is; a PassingError where a later request may go better."""
    status = answer.response.status
    told = f"{answer.address.host} answered {status} {answer.response.reason or ''}".rstrip()
    message = f"{told} to a request for {answer.address.path[:200]}."
    if status in BUSY:
        return PassingError(_code_of(status), message, retry_after(answer.response.headers))
    return ProblemError(_code_of(status), message)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds after which the server asks to come back, 0.0 when it does not say (RFC 9110, 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    with suppress(ValueError, OverflowError, TypeError):
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    return 0.0


def edition_of(headers: Mapping[str, str]) -> Edition:
    """What the server says of this edition of its data."""
    return Edition(etag=headers.get("etag", ""), last_modified=headers.get("last-modified", ""))


def _conditions(known: Edition) -> dict[str, str]:
    """Header fields that ask for the data only if it is not the edition known."""
    fields = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in fields.items() if value}


def _is_about(answer: Answer, known: Edition) -> bool:
    """Whether a 304 means the edition that was asked about; one with another ETag does not."""
    told = answer.response.headers.get("etag", "")
    return not told or not known.etag or told.removeprefix("W/") == known.etag.removeprefix("W/")


def _code_of(status: int) -> Code:
    if status in (401, 403):
        return Code.HTTP_401_403
    if status in (404, 410):
        return Code.HTTP_404
    if status == 204:
        return Code.DATA_EMPTY
    # 202 is a server that is still making the file (ArcGIS Hub): like a failing one, ask again later.
    return Code.HTTP_5XX if status >= 500 or status == 202 else Code.HTTP_4XX


def is_gzip_file(answer: Answer, address: Address) -> bool:
    """Whether the file itself is gzip, so that `Content-Encoding: gzip` only says so once more.

    Web servers that are told to know `.gz` as an encoding serve such files that way, and decoding them would leave a
    file that is not what its name says. Asked for `identity`, they have no other reason to send gzip.
    """
    names = (address.path, answer.address.path, suggested_name(answer.response.headers))
    gzip_types = ("application/gzip", "application/x-gzip")
    return any(of_name(name).endswith(".gz") for name in names) or media_type(answer.response.headers) in gzip_types


def name_of(answer: Answer, address: Address, saved: Tally) -> str:
    """What the file of an answer to a request for `address` is called here."""
    return "data" + extension(address.path, bool(address.query), answer.response.headers, saved.head)


def refuse_page(answer: Answer, address: Address, saved: Tally) -> None:
    """Raise ProblemError(HTML_INSTEAD_OF_DATA) when the body is a web page."""
    kind = kind_of(saved.head)
    declared = media_type(answer.response.headers) in ("text/html", "application/xhtml+xml")
    if kind != Kind.HTML and not (declared and not _is_data(kind, address, saved.head)):
        return
    title = page_title(saved.head)
    titled = f" titled {title!r}" if title else ""
    message = f"{answer.address.host} sent a web page{titled} of {saved.size:,} bytes instead of data."
    raise ProblemError(Code.HTML_INSTEAD_OF_DATA, message)


def _is_data(kind: Kind, address: Address, head: bytes) -> bool:
    """Whether bytes that were declared as HTML are data all the same: scripts often forget to say what they send."""
    named = bool(of_name(address.path))
    if kind == Kind.XML:
        return named or head.lstrip().startswith(b"<?xml")
    if kind != Kind.TEXT:
        return named or kind != Kind.BINARY
    is_table = any(separator in head.partition(b"\n")[0] for separator in SEPARATORS)
    return not has_markup(head) and (is_table or named)
