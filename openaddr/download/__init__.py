"""The download: what one layer source publishes, fetched through the guard onto our disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from openaddr.download.address import parse_address
from openaddr.download.beginning import Beginning
from openaddr.download.discretion import discreetly
from openaddr.download.esri import FirstRows, download_first_rows, download_layer
from openaddr.download.ftp import download_ftp
from openaddr.download.http import download_http
from openaddr.download.http_beginning import begin_http
from openaddr.download.local import begin_file, download_file
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import NO_EDITION, Downloaded, Edition, Progress, silent

__all__ = ["begin", "download", "first_rows"]

NOT_OF_THE_SOURCE = (Code.DISK_FULL,)


def download(
    entry: LayerSource,
    folder: Path,
    settings: Settings,
    progress: Progress = silent,
    known: Edition = NO_EDITION,
) -> Downloaded:
    """Fetch the data of one layer source into `folder`, which is made when needed and may hold an earlier attempt.

    An earlier attempt is of the same entry, and was cut off at any moment; what is still good of it need not come
    again. When the server says that its data is still the edition `known`, nothing is fetched.

    The protocol says whether it is an ESRI layer; everything else goes by the scheme of the address. Progress is
    told in bytes, for ESRI in rows. Raises ProblemError, pointing at `data` of the entry.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _about(entry):
        return _dispatch(entry, entry.data.strip(), folder, settings, progress, known)


def begin(entry: LayerSource, folder: Path, settings: Settings, most: int) -> Beginning | None:
    """Fetch the first `most` bytes of what is no ESRI layer into `folder`; None where the protocol has no such thing.

    Raises ProblemError, pointing at `data` of the entry.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data = entry.data.strip()
    # `most` is the limit of a beginning, however little of a file may come as a whole.
    settings = replace(settings, download_bytes=0)
    with _about(entry):
        if _is_local(entry, data):
            return begin_file(data, folder, settings, most)
        address = parse_address(data)
        if address.scheme == "ftp":
            return None
        with discreetly({address}):
            return begin_http(address, entry.headers, folder, settings, most)


def first_rows(entry: LayerSource, folder: Path, settings: Settings, rows: int, *, counted: bool) -> FirstRows:
    """Fetch about the first `rows` rows of an ESRI layer into `folder`. Raises ProblemError, pointing at `data`."""
    with _about(entry):
        address = parse_address(entry.data.strip())
        with discreetly({address}):
            return download_first_rows(address, entry.headers, folder, settings, rows, counted=counted)


@contextmanager
def _about(entry: LayerSource) -> Iterator[None]:
    """Let problems of the block point at the `data` of the entry."""
    try:
        yield
    except ProblemError as error:
        if error.problem.code not in NOT_OF_THE_SOURCE:
            error.problem = error.problem.at(f"{entry.pointer}/data")
        raise


def _is_local(entry: LayerSource, data: str) -> bool:
    return data[:5].lower() == "file:" or (entry.protocol == "file" and "://" not in data)


def _dispatch(
    entry: LayerSource, data: str, folder: Path, settings: Settings, progress: Progress, known: Edition
) -> Downloaded:
    if _is_local(entry, data):
        return download_file(data, folder, settings, progress)
    address = parse_address(data)
    with discreetly({address}):
        if entry.protocol == "ESRI":
            return download_layer(entry, address, folder, settings, progress, known)
        if address.scheme == "ftp":
            return download_ftp(address, folder, settings, progress, known)
        return download_http(entry, address, folder, settings, progress, known)
