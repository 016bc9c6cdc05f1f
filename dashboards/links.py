"""Where every page is, below `site/`, and how one page links to another or to a file in storage.

Links are relative and name `index.html`, so the site works below any address, in a bucket without rules, and from a
folder of this machine. Files are three folders up from `site/runs/7/`; where the site is the root of a server, browsers
stop at that root and find them there as well.
"""

from functools import lru_cache
from urllib.parse import quote
from uuid import UUID

from openaddr.names import digits_of, plain_name
from openaddr.storage.keys import latest_stem

INDEX = "index.html"
LIST = "sources/index.html"


def place(text: str) -> str:
    """A stranger's word as the name of one folder, without any dot: names of files have one."""
    plain = plain_name(text)
    return f"{plain.replace('.', '_')}-{digits_of(text)}" if "." in plain else plain


@lru_cache(10_000)
def folder(source_id: str) -> str:
    """The folder of a source file, or of the place that a beginning of its path names."""
    return "/".join(["sources", *map(place, source_id.split("/"))])


def source(source_id: str) -> str:
    """The page of a source file."""
    return f"{folder(source_id)}/{INDEX}"


def above(source_id: str) -> list[str]:
    """The folders that a source is in, from the top."""
    names = source_id.split("/")
    return ["/".join(names[:end]) for end in range(1, len(names))]


def below(source_id: str) -> str:
    """The list of sources in a folder that is a source itself."""
    return f"{folder(source_id)}/all.html"


def run(run_id: int) -> str:
    """The page of a run."""
    return f"runs/{run_id}/{INDEX}"


def sample(run_id: int) -> str:
    """The first rows of a run."""
    return f"runs/{run_id}/sample.html"


def map_of(run_id: int) -> str:
    """The map of a run that has tiles."""
    return f"runs/{run_id}/map/{INDEX}"


def set_of(set_id: int) -> str:
    """The page of a set."""
    return f"sets/{set_id}/{INDEX}"


def job(job_id: UUID) -> str:
    """The page of a job."""
    return f"jobs/{job_id}/{INDEX}"


def problem(code: str) -> str:
    """The page that explains a code of a problem."""
    return f"problems/{code}/{INDEX}"


def numbered(first: str, page: int) -> str:
    """Page 2 of `sets/7/index.html` is `sets/7/2.html`, that of `sources/failed.html` is `sources/failed.2.html`."""
    if page == 1:
        return first
    stem = first.removesuffix(".html")
    return f"{stem.removesuffix('index')}{page}.html" if stem.endswith("/index") else f"{stem}.{page}.html"


def between(page: str, target: str) -> str:
    """The link from one page to another one."""
    return up(page) + _quoted(target)


def up(page: str) -> str:
    """The way from a page to the top of the site."""
    return "../" * page.count("/")


_quoted = lru_cache(4_096)(quote)
"""Most links lead to the same few pages."""


def to_file(files_at: str, page: str, key: str) -> str:
    """The link from a page to a file in storage, whose files are at an address of the web or in a folder."""
    return "../" * (page.count("/") + 1) + quote(key) if files_at.startswith("file:") else files_at + quote(key)


def address_of_file(files_at: str, site_url: str, key: str) -> str:
    """The whole address of a file in storage, for commands to copy."""
    return f"{site_url}/{quote(key)}" if site_url and files_at.startswith("file:") else files_at + quote(key)


def address(site_url: str, page: str) -> str:
    """The public address of a page, without `index.html`."""
    return f"{site_url}/{quote(page.removesuffix(INDEX))}"


def latest(source_id: str, layer: str, name: str) -> str:
    """What keys of the last good run of a layer source begin with."""
    return latest_stem(source_id, layer, name)
