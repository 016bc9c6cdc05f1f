"""What S3 keeps with an object, as the arguments of boto3."""

import secrets
from collections.abc import Mapping
from typing import Any

from openaddr.storage.keys import disposition
from openaddr.storage.objects import ABSENT, About, Stored

SHA256, WRITER, DOWNLOAD_AS = "sha256", "writer", "download-as"
"""Names of our own metadata: of the whole object, which in parts S3 does not know; and who wrote it."""
OURS = {SHA256, WRITER, DOWNLOAD_AS}

Headers = dict[str, Any]


def headers(about: About, digest: str) -> Headers:
    """Media type, directions for readers and metadata of one write."""
    marks = {**about.marks, SHA256: digest, WRITER: secrets.token_hex(8)}
    found: Headers = {"ContentType": about.media_type, "Metadata": marks}
    if about.cache_control:
        found["CacheControl"] = about.cache_control
    if about.download_as:
        found["ContentDisposition"] = disposition(about.download_as)
        # Metadata is ASCII.
        marks[DOWNLOAD_AS] = about.download_as.encode("unicode_escape").decode()
    return found


def conditions(match: str | None) -> Headers:
    """The condition of a write."""
    if match is None:
        return {}
    return {"IfNoneMatch": "*"} if match == ABSENT else {"IfMatch": match}


def stored_of(key: str, found: Mapping[str, Any]) -> Stored:
    """The object that an answer to HEAD is about."""
    marks = found["Metadata"]
    name = marks.get(DOWNLOAD_AS, "").encode().decode("unicode_escape")
    own = {key: value for key, value in marks.items() if key not in OURS}
    about = About(found["ContentType"], found.get("CacheControl", ""), name, own)
    return Stored(key, found["ContentLength"], marks.get(SHA256, ""), found["ETag"], about, found["LastModified"])
