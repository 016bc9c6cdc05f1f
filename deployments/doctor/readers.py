"""What readers get, who have no login: asked over the network as they ask, for a part of a probe."""

from collections.abc import Callable

import urllib3

from openaddr.doctor.checks import Check
from openaddr.settings import Settings
from openaddr.storage.objects import Storage

ASK_SECONDS = 8.0
FIRST = 6
"""The byte from which on the probe is asked for."""
ORIGIN = "https://reader.example"
OPEN = (
    "Let everybody get `site/`, `runs/`, `latest/`, `collections/`, `tiles/`, `dotmap/` and `sets/` of the bucket "
    "(bucket policy, `s3:GetObject`), or set OPENADDR_S3_PUBLIC_URL to where they are served."
)
SERVE = "Have OPENADDR_SITE_URL serve `site/` of the storage as its root, with parts of files (`Range`)."
DELETE = "Look at versions and caches in front of the storage: what is deleted has to be gone."
WHY = {
    401: "it wants a login",
    403: "it wants a login",
    404: "it does not have what is stored",
    200: "it ignores Range",
}

Ask = Callable[[str, Storage, Settings, str, bytes], Check]


def of_bucket(name: str, storage: Storage, settings: Settings, page: str, content: bytes) -> Check:
    """Whether the public address of objects leads to them, for pages of other origins as well."""
    return _asked(name, storage.url(f"site/{page}"), content, OPEN)


def of_site(name: str, storage: Storage, settings: Settings, page: str, content: bytes) -> Check:
    """Whether the address of the site leads to what is stored as its pages."""
    return _asked(name, f"{settings.site_url.rstrip('/')}/{page}", content, SERVE)


def _asked(name: str, address: str, content: bytes, fix: str) -> Check:
    place = address.rpartition("/")[0]
    try:
        with urllib3.PoolManager(retries=False, timeout=ASK_SECONDS) as pool:
            answer = pool.request("GET", address, headers={"Range": f"bytes={FIRST}-", "Origin": ORIGIN})
    except urllib3.exceptions.HTTPError as error:
        return Check(name, False, f"{place} does not answer: {type(error).__name__}", fix)
    if answer.status != 206:
        why = WHY.get(answer.status, "it should be 206")
        return Check(name, False, f"{place} answers {answer.status}: {why}", fix)
    if answer.data != content[FIRST:]:
        return Check(name, False, f"{place} gives other bytes than were stored", fix)
    return Check(name, True, f"{place} gives parts to everybody (206)")
