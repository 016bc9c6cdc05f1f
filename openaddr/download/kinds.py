"""What a file is, told from its first bytes."""

import re
from enum import StrEnum

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Atomic, or a page of comments would be matched in exponentially many ways.
HTML_START = re.compile(rb"(?>(?:<\?xml[^>]*>|<!--.*?-->|\s)*)<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.I | re.S)
MARKUP = re.compile(rb"<[a-z!/]", re.I)
TITLE_SHOWN = 120


class Kind(StrEnum):
    """Kinds that matter to downloads; the value is how a person would call it."""

    ZIP = "a zip archive"
    GZIP = "a gzip file"
    SEVEN_ZIP = "a 7z archive"
    RAR = "a rar archive"
    PDF = "a PDF document"
    GEOPACKAGE = "a GeoPackage"
    SQLITE = "a SQLite database"
    HTML = "a web page"
    XML = "an XML document"
    JSON = "JSON"
    TEXT = "text"
    BINARY = "unknown binary data"
    EMPTY = "empty"


SIGNATURES = (
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"PK\x07\x08", Kind.ZIP),
    (b"\x1f\x8b", Kind.GZIP),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Kind.RAR),
    (b"%PDF-", Kind.PDF),
)


def kind_of(head: bytes) -> Kind:
    """The kind of a file from its first bytes; some hundred are enough, a few thousand are better."""
    if not head:
        return Kind.EMPTY
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    if head.startswith(b"SQLite format 3\0"):
        # The application id at byte 68 is `GPKG` since GeoPackage 1.2, `GP10` or `GP11` before.
        return Kind.GEOPACKAGE if head[68:70] == b"GP" else Kind.SQLITE
    return _text_kind(head)


def _text_kind(head: bytes) -> Kind:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Kind.TEXT  # UTF-16
    text = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if HTML_START.match(text):
        return Kind.HTML
    if text.startswith((b"{", b"[")):
        return Kind.JSON
    if text.startswith(b"<"):
        return Kind.XML
    return Kind.BINARY if b"\0" in head else Kind.TEXT


def page_title(head: bytes) -> str:
    """The title of a web page, '' when there is none near its start."""
    found = TITLE.search(head)
    return " ".join(found[1].decode("utf-8", "replace").split())[:TITLE_SHOWN] if found else ""


def has_markup(head: bytes) -> bool:
    """Whether there are tags near the start, as in a fragment of a web page."""
    return MARKUP.search(head) is not None
