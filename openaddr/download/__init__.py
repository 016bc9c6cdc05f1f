"""The download: what one layer source publishes, fetched through the guard onto our disk."""

from pathlib import Path

from openaddr.download.address import parse_address
from openaddr.download.esri import download_layer
from openaddr.download.ftp import download_ftp
from openaddr.download.http import download_http
from openaddr.download.local import download_file
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import Downloaded, Progress, silent

__all__ = ["download"]

NOT_OF_THE_SOURCE = (Code.DISK_FULL,)


def download(entry: LayerSource, folder: Path, settings: Settings, progress: Progress = silent) -> Downloaded:
    """Fetch the data of one layer source into `folder`, which is made when needed and may hold an earlier attempt.

    The protocol says whether it is an ESRI layer; everything else goes by the scheme of the address. Progress is
    told in bytes, for ESRI in rows. Raises ProblemError, pointing at `data` of the entry.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return _dispatch(entry, entry.data.strip(), folder, settings, progress)
    except ProblemError as error:
        if error.problem.code not in NOT_OF_THE_SOURCE:
            error.problem = error.problem.at(f"{entry.pointer}/data")
        raise


def _dispatch(entry: LayerSource, data: str, folder: Path, settings: Settings, progress: Progress) -> Downloaded:
    if data[:5].lower() == "file:" or (entry.protocol == "file" and "://" not in data):
        return download_file(data, folder, settings, progress)
    address = parse_address(data)
    if entry.protocol == "ESRI":
        return download_layer(entry, address, folder, settings, progress)
    if address.scheme == "ftp":
        return download_ftp(address, folder, settings, progress)
    return download_http(entry, address, folder, settings, progress)
