"""Names of objects: made of our words, with the words of strangers turned into plain ones."""

import re
import secrets
from urllib.parse import quote

from openaddr.names import digits_of, plain_name

MAX_KEY_BYTES = 1_024
"""What S3 takes."""
MAX_PART_BYTES = 255
ASIDE = "aside/"
_PART = re.compile(r"[\w-][\w.-]*")
SHOWN_BY_EXTENSION = {"extract", "preview"}


def checked(key: str) -> str:
    """The key, once it is known to be one. Raises ValueError: keys are made by us, so a bad one is a mistake."""
    parts = key.split("/")
    plain = all(_PART.fullmatch(part) and len(part.encode()) <= MAX_PART_BYTES for part in parts)
    if not plain or len(key.encode()) > MAX_KEY_BYTES:
        raise ValueError(f"{key[:200]!r} is no key: parts are letters, digits and ._- without a dot in front")
    return key


def checked_prefix(prefix: str) -> str:
    """The beginning of keys, once it is known to be whole parts. Raises ValueError."""
    if prefix and not prefix.endswith("/"):
        raise ValueError(f"{prefix!r} does not end in a slash")
    if prefix:
        checked(prefix[:-1])
    return prefix


def aside_of(key: str) -> str:
    """A new key for what is to be copied to another one when it is whole."""
    return f"{ASIDE}{secrets.token_hex(16)}/{key.rsplit('/', 1)[-1]}"


def run_prefix(run: int) -> str:
    """Where the files of a run are."""
    return f"runs/{run}/"


def run_log(run: int) -> str:
    """Where the log of a run is: as far as it is while it goes on, and all of it in the end."""
    return f"{run_prefix(run)}log.txt"


def latest_stem(source_id: str, layer: str, name: str) -> str:
    """What the keys of the last good run of a layer source begin with; what follows begins with a dot.

    A dot in the name gives way, so that no file of one layer source can take the key of another.
    """
    plain = plain_name(name)
    if "." in plain:
        plain = f"{plain.replace('.', '_')}-{digits_of(name)}"
    return "/".join(["latest", *map(plain_name, source_id.split("/")), f"{plain_name(layer)}-{plain}"])


def latest_key(stem: str, layer: str, file_name: str) -> str:
    """The key of the copy of a run's file: by extension for data and picture, else by the whole name."""
    first, _, extension = file_name.partition(".")
    return f"{stem}.{extension if first in SHOWN_BY_EXTENSION | {layer} else file_name}"


def as_path(key: str) -> str:
    """A key as the path of an address."""
    return quote(key, safe="/")


def disposition(name: str) -> str:
    """Content-Disposition for a download, the name in ASCII with the full one beside it (RFC 6266)."""
    ascii_name = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    full = "" if ascii_name == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{ascii_name}"{full}'
