"""Whole addresses, for what is read away from its place on the site."""

from urllib.parse import quote

from dashboards import links
from dashboards.snapshot import Snapshot


def of_page(seen: Snapshot, path: str) -> str:
    """Of a page; from the root of the server where the site has no address yet."""
    return links.address(seen.site_url, path)


def of_file(seen: Snapshot, key: str) -> str:
    """Of a file in storage. No path of this machine is ever published."""
    base = f"{seen.site_url}/" if seen.files_at.startswith("file:") else seen.files_at
    return base + quote(key)
