"""The download: what one layer source publishes, fetched through the guard onto our disk."""

from pathlib import Path

from openaddr.download.address import parse_address
from openaddr.download.discretion import discreetly
from openaddr.download.esri import download_layer
from openaddr.download.ftp import download_ftp
from openaddr.download.http import download_http
from openaddr.download.local import download_file
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import NO_EDITION, Downloaded, Edition, Progress, silent

__all__ = ["download"]

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
    try:
        return _dispatch(entry, entry.data.strip(), folder, settings, progress, known)
    except ProblemError as error:
        if error.problem.code not in NOT_OF_THE_SOURCE:
            error.problem = error.problem.at(f"{entry.pointer}/data")
        raise


def _dispatch(
    entry: LayerSource, data: str, folder: Path, settings: Settings, progress: Progress, known: Edition
) -> Downloaded:
    if data[:5].lower() == "file:" or (entry.protocol == "file" and "://" not in data):
        return download_file(data, folder, settings, progress)
    address = parse_address(data)
    with discreetly({address}):
        if entry.protocol == "ESRI":
            return download_layer(entry, address, folder, settings, progress, known)
        if address.scheme == "ftp":
            return download_ftp(address, folder, settings, progress, known)
        return download_http(entry, address, folder, settings, progress, known)
