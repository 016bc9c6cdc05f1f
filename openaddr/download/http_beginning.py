"""The first bytes of a file over http: a Range where the server knows that, else an answer that is not read on."""

from collections.abc import Mapping
from pathlib import Path

from openaddr.download.address import Address
from openaddr.download.allowance import Allowance
from openaddr.download.beginning import Beginning, first_of
from openaddr.download.discretion import discreetly
from openaddr.download.http import is_gzip_file, name_of, refuse_page, require_ok
from openaddr.download.ranges import CONTENT_RANGE, is_encoded
from openaddr.download.retries import patiently
from openaddr.download.store import Tally, save
from openaddr.download.web import Answer, Client
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings


def begin_http(address: Address, headers: Mapping[str, str], folder: Path, settings: Settings, most: int) -> Beginning:
    """Fetch the first `most` bytes into `folder/data<ext>`. Raises ProblemError as `download_http`."""
    allowance = Allowance(settings)
    with Client(settings, address, headers, allowance) as client, discreetly(client.visited):
        return patiently(lambda: _begin(client, address, folder, most), lambda: 0, allowance)


def _begin(client: Client, address: Address, folder: Path, most: int) -> Beginning:
    answer = client.request(address, conditions={"Range": f"bytes=0-{most - 1}"})
    total = _total(answer)
    if answer.response.status == 416 or (answer.response.status == 206 and total is None):
        # What is in an encoding cannot be decoded from a piece of it, and an empty file has no first bytes.
        answer.response.close()
        answer = client.request(address)
    if answer.response.status != 206:
        require_ok(answer)
        total = None if is_encoded(answer) else answer.promised
    saved = _saved(answer, address, folder / "data.part", most)
    if not saved.size:
        raise ProblemError(Code.DATA_EMPTY, f"{answer.address.host} answered 200 with 0 bytes.")
    refuse_page(answer, address, saved)
    path = (folder / "data.part").replace(folder / name_of(answer, address, saved))
    # A body that came to its end before `most` is whole, whether its length was promised or not.
    return Beginning(path, saved.size, saved.size if saved.size < most and total is None else total)


def _total(answer: Answer) -> int | None:
    """How large the file is of which a 206 brings the first bytes; None when it brings something else."""
    found = CONTENT_RANGE.fullmatch(answer.response.headers.get("content-range", "").strip())
    return int(found[3]) if found and int(found[1]) == 0 and not is_encoded(answer) else None


def _saved(answer: Answer, address: Address, path: Path, most: int) -> Tally:
    blocks = answer.blocks(decode=not is_gzip_file(answer, address))
    return save(first_of(blocks, most), path, lambda done: None)
