"""One file over http or https, with exactly one request for it (and one for each redirect)."""

from pathlib import Path

from openaddr.download.address import Address
from openaddr.download.kinds import Kind, has_markup, kind_of, page_title
from openaddr.download.names import extension, media_type, of_name, suggested_name
from openaddr.download.store import Saved, require_room, save
from openaddr.download.web import Answer, Client
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import Downloaded, Edition, Progress

SEPARATORS = (b",", b";", b"|", b"\t")


def download_http(
    entry: LayerSource, address: Address, folder: Path, settings: Settings, progress: Progress, known: Edition
) -> Downloaded:
    """Fetch the address into `folder/data<ext>`. Raises ProblemError."""
    with Client(settings, address, entry.headers) as client:
        answer = client.request(address)
        require_ok(answer)
        if answer.promised is not None:
            require_room(folder, answer.promised)
        blocks = answer.blocks(decode=not _is_gzip_file(answer, address))
        saved = save(
            blocks, folder / "data.part", lambda _: progress("download", answer.received, answer.promised, "bytes")
        )
    if not saved.size:
        raise ProblemError(Code.DATA_EMPTY, f"{answer.address.host} answered 200 with 0 bytes.")
    _refuse_page(answer, address, saved)
    name = "data" + extension(address.path, bool(address.query), answer.response.headers, saved.head)
    return Downloaded((saved.path.replace(folder / name),), saved.md5, saved.size, warnings=tuple(client.warnings))


def require_ok(answer: Answer) -> None:
    """Raise ProblemError unless the status is 200: nothing else carries the data that was asked for."""
    if answer.response.status != 200:
        raise status_problem(answer)


def status_problem(answer: Answer) -> ProblemError:
    """The problem that a status other than 200 is."""
    status = answer.response.status
    told = f"{answer.address.host} answered {status} {answer.response.reason or ''}".rstrip()
    message = f"{told} to a request for {answer.address.path[:200]}."
    return ProblemError(_code_of(status), message)


def _code_of(status: int) -> Code:
    if status in (401, 403):
        return Code.HTTP_401_403
    if status in (404, 410):
        return Code.HTTP_404
    if status == 204:
        return Code.DATA_EMPTY
    # 202 is a server that is still making the file (ArcGIS Hub): like a failing one, ask again later.
    return Code.HTTP_5XX if status >= 500 or status == 202 else Code.HTTP_4XX


def _is_gzip_file(answer: Answer, address: Address) -> bool:
    """Whether the file itself is gzip, so that `Content-Encoding: gzip` only says so once more.

    Web servers that are told to know `.gz` as an encoding serve such files that way, and decoding them would leave a
    file that is not what its name says. Asked for `identity`, they have no other reason to send gzip.
    """
    names = (address.path, answer.address.path, suggested_name(answer.response.headers))
    gzip_types = ("application/gzip", "application/x-gzip")
    return any(of_name(name).endswith(".gz") for name in names) or media_type(answer.response.headers) in gzip_types


def _refuse_page(answer: Answer, address: Address, saved: Saved) -> None:
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
