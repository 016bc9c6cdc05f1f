"""Whole addresses, for what is read away from its place on the site."""

from urllib.parse import quote

from dashboards import links
from dashboards.snapshot import Snapshot


def of_page(seen: Snapshot, path: str) -> str:
    """Of a page; from the root of the server where the site has no address yet."""
    return links.address(seen.site_url, path)


def of_file(seen: Snapshot, key: str) -> str:
    """Of a file in storage. No path of this machine is ever published."""
    address = seen.storage.url(key)
    return f"{seen.site_url}/{quote(key)}" if address.startswith("file:") else address
