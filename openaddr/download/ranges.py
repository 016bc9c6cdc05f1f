"""The rest of a file over http: how it is asked for, and how to know that it is the rest of the same file."""

import re
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime

from openaddr.download.part import Part, Whole
from openaddr.download.web import Answer

CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.I)


def range_of(part: Part) -> dict[str, str]:
    """Header fields that ask for what is missing, and for everything if the file is another one by now."""
    if not part.size or part.whole is None:
        return {}
    return {"Range": f"bytes={part.size}-", "If-Range": part.whole.etag or part.whole.last_modified}


def whole_of(answer: Answer) -> Whole | None:
    """What a 200 says of the whole file; None when its body is encoded, as the rest of that cannot be asked for."""
    return None if is_encoded(answer) else _described(answer, answer.promised)


def continues(answer: Answer, part: Part) -> bool:
    """Whether a 206 brings the rest of the part: it begins where that ends, and all that it says is the same.

    What a 206 leaves out is what it was asked with (RFC 9110, 15.3.7).
    """
    found = CONTENT_RANGE.fullmatch(answer.response.headers.get("content-range", "").strip())
    if found is None or part.whole is None or is_encoded(answer):
        return False
    start, end, size = (int(number) for number in found.groups())
    told, whole = answer.response.headers, part.whole
    now = _described(answer, size if whole.size is not None else None)
    if "etag" not in told:
        now = replace(now, etag=whole.etag)
    if "last-modified" not in told or not whole.last_modified:
        now = replace(now, last_modified=whole.last_modified)
    return start == part.size and end + 1 == size and now.is_same(whole)


def _described(answer: Answer, size: int | None) -> Whole:
    headers = answer.response.headers
    etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
    strong = "" if etag.startswith("W/") else etag
    dated = modified if _is_strong(modified, headers.get("date", "")) else ""
    return Whole.at(answer.address, strong, dated, size)


def _is_strong(modified: str, now: str) -> bool:
    """Whether what changed at `modified` cannot have changed again within that second (RFC 9110, 8.8.2.2)."""
    with suppress(ValueError, TypeError, OverflowError):
        return (parsedate_to_datetime(now) - parsedate_to_datetime(modified)).total_seconds() >= 1
    return False


def is_encoded(answer: Answer) -> bool:
    return answer.response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")
