"""Addresses: of the data, of the website, of the licence."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, urlsplit

from openaddr.lint.findings import WRITTEN, Fix, Found, Severity, quoted
from openaddr.lint.rules.check import Check
from openaddr.lint.subject import Subject
from openaddr.source.model import LayerSource

SCHEMES = ("http", "https", "ftp")
ESRI_LAYER = re.compile(r"/(?:Map|Feature)Server/\d+/?$", re.IGNORECASE)
ESRI_SERVICE = re.compile(r"/(?:Map|Feature|Image)Server(?:/|$)", re.IGNORECASE)
SECRETS = {"token", "access_token", "apikey", "api_key", "key", "password", "pwd", "secret", "sig"}


def _addresses(subject: Subject) -> Iterator[tuple[str, str]]:
    """Pointer and text of every address of the file."""
    pointers = ["/official_website"]
    for entry in subject.layer_sources:
        pointers += [f"{entry.pointer}/{name}" for name in ("data", "website", "license/url")]
    for pointer in pointers:
        value = subject.at(pointer)
        if isinstance(value, str):
            yield pointer, value


def _blanks(subject: Subject) -> Iterator[Found]:
    for pointer, text in _addresses(subject):
        bare = text.strip()
        if bare and bare != text:
            message = f"The address {quoted(text)} has blanks around it."
            yield Found(pointer, message, f"Write {quoted(bare, WRITTEN)}.", fix=Fix(bare))


def _malformed(subject: Subject) -> Iterator[Found]:
    for pointer, text in _addresses(subject):
        parts = _split(text)
        if pointer.endswith("/data") or not text.strip():
            continue
        if parts is None or parts.scheme not in SCHEMES or not parts.hostname:
            yield Found(pointer, f"{quoted(text)} is no address of a page.")


def _plain_http(subject: Subject) -> Iterator[Found]:
    for entry, parts in _data(subject):
        if parts.scheme == "http":
            yield Found(f"{entry.pointer}/data", f"The address {quoted(entry.data)} is not encrypted.")


def _secret(subject: Subject) -> Iterator[Found]:
    for entry, parts in _data(subject):
        names = [name for name, value in parse_qsl(parts.query) if name.lower() in SECRETS and value]
        if parts.password:
            yield Found(f"{entry.pointer}/data", f"The address has a password for {parts.hostname} in it.")
        elif names:
            yield Found(f"{entry.pointer}/data", f"The address has a {names[0]} in it, which everybody can read.")


def _no_layer(subject: Subject) -> Iterator[Found]:
    for entry, parts in _data(subject):
        if entry.protocol != "ESRI" or ESRI_LAYER.search(parts.path):
            continue
        what = "does not end in the number of a layer" if ESRI_SERVICE.search(parts.path) else "is of no ArcGIS service"
        yield Found(f"{entry.pointer}/data", f"The address {quoted(entry.data)} {what}.")


def _other_protocol(subject: Subject) -> Iterator[Found]:
    for entry, parts in _data(subject):
        place = f"{entry.pointer}/protocol"
        if entry.protocol == "http" and ESRI_LAYER.search(parts.path):
            message = "The address is a layer of an ArcGIS server, which answers `http` with a page."
            yield Found(place, message, 'Write "ESRI".')
        elif {entry.protocol, parts.scheme.rstrip("s")} == {"http", "ftp"}:
            message = (
                f"The protocol is `{entry.protocol}`, but the address begins with `{parts.scheme}`, which is used."
            )
            yield Found(place, message, f'Write "{parts.scheme.rstrip("s")}".', fix=Fix(parts.scheme.rstrip("s")))


def _packed(subject: Subject) -> Iterator[Found]:
    for entry, parts in _data(subject):
        kind = {"zip": "zip", "gz": "gzip"}.get(parts.path.lower().rpartition(".")[2])
        if kind and entry.compression is None and entry.protocol != "ESRI":
            message = f"The address ends in .{parts.path.rpartition('.')[2]}, but there is no `compression`."
            yield Found(entry.pointer, message, f'Add `"compression": "{kind}"`.')


def _data(subject: Subject) -> Iterator[tuple[LayerSource, SplitResult]]:
    """Layer sources, each with the address of its data taken apart."""
    for entry in subject.layer_sources:
        parts = _split(entry.data)
        if parts is not None:
            yield entry, parts


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text.strip())
    except ValueError:
        return None


CHECKS = (
    Check(
        "url-blanks",
        Severity.WARNING,
        "An address has blanks around it",
        "The address without them.",
        _blanks,
        mends=True,
    ),
    Check(
        "url-malformed",
        Severity.WARNING,
        "A website or licence is no address of a page",
        "The whole address, from https:// on; other words go into `note` or `license.text`.",
        _malformed,
    ),
    Check(
        "url-unencrypted",
        Severity.HINT,
        "The data is fetched over plain http; nearly all other servers have https",
        "Try the address with https.",
        _plain_http,
    ),
    Check(
        "url-secret",
        Severity.WARNING,
        "The address of the data has a password, key or token in it",
        "Source files are public, and tokens expire: find an address that needs none.",
        _secret,
    ),
    Check(
        "esri-no-layer",
        Severity.BUG,
        "The address of an ESRI source is not that of a layer",
        "The address of the layer, with its number: …/MapServer/0 or …/FeatureServer/0, and nothing behind it.",
        _no_layer,
    ),
    Check(
        "protocol-differs",
        Severity.WARNING,
        "The protocol is not that of the address",
        "The protocol of the address.",
        _other_protocol,
        mends=True,
    ),
    Check(
        "compression-unsaid",
        Severity.HINT,
        "The address is of an archive, but there is no `compression`; older programs do not unpack it",
        "Add `compression`.",
        _packed,
    ),
)
