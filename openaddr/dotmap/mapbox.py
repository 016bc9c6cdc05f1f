"""Uploads the dot map to Mapbox: credentials for a bucket of theirs, the tiles into it, then a tileset made of them.

Mapbox wants the key in addresses. They are in no message, and asked for by `http.client`, because requests and urllib3
write whole addresses into their debug log.
"""

import logging
import ssl
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import boto3
import certifi
import msgspec
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pmtiles.convert import pmtiles_to_mbtiles

from openaddr.errors import Code, ProblemError
from openaddr.words import shown

log = logging.getLogger("openaddr.dotmap")

TILES = "world.mbtiles"
"""Mapbox reads no PMTiles."""
ANSWER_SECONDS = 60.0
LARGEST_ANSWER = 1 << 20
TRIES = 3
REGION = "us-east-1"
LONGEST_WORDS = 300
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Account:
    """Whose tileset it becomes, and where Mapbox and its bucket are; `s3_url` is '' for Amazon's own."""

    user: str
    tileset: str
    key: str = field(repr=False)
    api_url: str = "https://api.mapbox.com"
    s3_url: str = ""


@dataclass(frozen=True)
class Pace:
    """Seconds between two looks, and for all of it."""

    pause: float = 30.0
    limit: float = 2 * 3600.0


class Credentials(msgspec.Struct, frozen=True, rename="camel"):
    """For one upload, good for a while: no part of them is shown."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    bucket: str
    key: str
    url: str


class Upload(msgspec.Struct, frozen=True):
    """How far Mapbox is with what it was given."""

    id: str
    complete: bool = False
    error: str | None = None


class Unanswered(Exception):
    """There was no answer, or one that may be another the next time."""


def upload(tiles: Path, work: Path, account: Account, pace: Pace) -> None:
    """Have Mapbox make a tileset of a PMTiles file, and wait until it has; `work` is an existing scratch folder.

    Raises ProblemError with one of the codes MAPBOX_…
    """
    ends = time.monotonic() + pace.limit
    pmtiles_to_mbtiles(tiles, work / TILES)  # type: ignore[no-untyped-call]
    credentials = _ask(account, pace, "GET", "/credentials", Credentials)
    _store(work / TILES, credentials, account)
    wanted = {"tileset": f"{account.user}.{account.tileset}", "url": credentials.url}
    # One that is asked for twice because an answer got lost makes the same tileset twice.
    begun = _ask(account, pace, "POST", "", Upload, msgspec.json.encode(wanted))
    log.info("Mapbox has the tiles, as upload %s", shown(begun.id, 60))
    while not _is_done(begun, account):
        if time.monotonic() + pace.pause > ends:
            message = f"Mapbox was not done with upload {shown(begun.id, 60)} after {pace.limit:,.0f} s."
            raise ProblemError(Code.MAPBOX_SLOW, message)
        time.sleep(pace.pause)
        begun = _ask(account, pace, "GET", f"/{quote(begun.id, safe='')}", Upload)


def _is_done(found: Upload, account: Account) -> bool:
    if found.error is not None:
        raise ProblemError(Code.MAPBOX_FAILED, f"Mapbox says: {_words(found.error, account)}")
    return found.complete


def _store(tiles: Path, credentials: Credentials, account: Account) -> None:
    """Upload a file to where the credentials are for; what the environment says of S3 is for our own storage."""
    try:
        session = boto3.Session(
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token, REGION
        )
        config = Config(
            read_timeout=ANSWER_SECONDS,
            ignore_configured_endpoint_urls=True,  # type: ignore[call-arg]  # its stub has not heard of it
        )
        client = session.client("s3", endpoint_url=account.s3_url or None, config=config)
        client.upload_file(str(tiles), credentials.bucket, credentials.key)
    except (Boto3Error, BotoCoreError, ClientError, ValueError) as error:
        message = f"The bucket of Mapbox did not take the tiles: {_words(str(error), account)}"
        raise ProblemError(Code.MAPBOX_AWAY, message) from None


def _ask(account: Account, pace: Pace, method: str, path: str, kind: type[Answer], body: bytes | None = None) -> Answer:
    """What Mapbox answers, asked up to TRIES times."""
    for left in reversed(range(TRIES)):
        try:
            return _asked_once(account, method, path, kind, body)
        except Unanswered as error:
            if not left:
                message = f"{method} of uploads{path} at Mapbox, {TRIES} times: {error}"
                raise ProblemError(Code.MAPBOX_AWAY, message) from None
        time.sleep(pace.pause)
    raise AssertionError("the last try returns or raises")


def _asked_once(account: Account, method: str, path: str, kind: type[Answer], body: bytes | None) -> Answer:
    parts = urlsplit(account.api_url)
    address = f"/uploads/v1/{quote(account.user)}{path}?{urlencode({'access_token': account.key})}"
    connection = _connection(parts.netloc, parts.scheme == "https")
    try:
        connection.request(method, address, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        text = answer.read(LARGEST_ANSWER)
    except (OSError, HTTPException) as error:
        raise Unanswered(f"no answer ({_words(f'{type(error).__name__} {error}', account)})") from None
    finally:
        connection.close()
    if answer.status == 429 or answer.status >= 500:
        raise Unanswered(f"{answer.status} {_words(text, account)}")
    if not 200 <= answer.status < 300:
        message = f"{method} of uploads{path} at Mapbox: {answer.status} {_words(text, account)}"
        raise ProblemError(Code.MAPBOX_REFUSED, message)
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Its words would tell what was found, which may be a secret.
        raise Unanswered(f"{answer.status} with what is no {kind.__name__.lower()}") from None


def _connection(host: str, is_safe: bool) -> HTTPConnection:
    if not is_safe:
        return HTTPConnection(host, timeout=ANSWER_SECONDS)
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return HTTPSConnection(host, timeout=ANSWER_SECONDS, context=context)


def _words(text: str | bytes, account: Account) -> str:
    """What strangers say, without the key, and with a full stop."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    for secret in {account.key, quote(account.key, safe="")}:
        words = words.replace(secret, "…")
    return f"{shown(words, LONGEST_WORDS).rstrip('.')}."
