"""How a web server answers about editions and parts of a file (RFC 9110, 13 and 14)."""

import hashlib
import re
from dataclasses import replace
from email.utils import formatdate

from demo.servers.serving import Request, Response

ONE_RANGE = re.compile(r"bytes=([0-9]+)-([0-9]*)")


def edition(body: bytes, changed: float) -> dict[str, str]:
    """The header fields that name this edition of a body, which changed at a time (seconds since 1970)."""
    return {
        "ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
        "Last-Modified": formatdate(changed, usegmt=True),
    }


def conditional(request: Request, whole: Response) -> Response:
    """What to answer where `whole` is the answer to a plain request: that, 304, 206 or 416."""
    asked, told = request.headers, whole.headers
    etag, modified = told.get("ETag", ""), told.get("Last-Modified", "")
    if "if-none-match" in asked:
        unchanged = bool(etag) and asked["if-none-match"] == etag
    else:
        unchanged = bool(modified) and asked.get("if-modified-since") == modified
    if unchanged:
        return replace(whole, status=304, body=b"")
    found = ONE_RANGE.fullmatch(asked.get("range", ""))
    if found is None or asked.get("if-range", etag) not in (etag, modified):
        return whole
    size = len(whole.body)
    start, end = int(found[1]), min(int(found[2] or size), size - 1)
    if start > end:
        return replace(whole, status=416, body=b"", headers={**told, "Content-Range": f"bytes */{size}"})
    part = whole.body[start : end + 1]
    return replace(whole, status=206, body=part, headers={**told, "Content-Range": f"bytes {start}-{end}/{size}"})
