"""Fills a template with what every page of the site has: title, links, policy."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from urllib.parse import urlsplit

from markupsafe import Markup

from dashboards import links
from dashboards.snapshot import Snapshot
from dashboards.static_files import asset
from dashboards.templating import environment
from openaddr import words

NAVIGATION = (
    ("Sources", "sources/index.html"),
    ("Sets", "sets/index.html"),
    ("Jobs", "jobs/index.html"),
    ("Health", "health/index.html"),
    ("Collections", "collections/index.html"),
    ("Licences", "licenses/index.html"),
    ("Data access", "data-access/index.html"),
)
Crumb = tuple[str, str]
"""Words and page; '' for the page itself."""

_ENVIRONMENT = environment(links=links, navigation=NAVIGATION, has_problem_pages=True)


def printed(
    template: str,
    seen: Snapshot,
    path: str,
    *,
    title: str,
    description: str,
    crumbs: Sequence[Crumb] = (),
    picture: str = "",
    about: object = None,
    root: str = "",
    has_map: bool = False,
    **shown: object,
) -> bytes:
    """A page at `path`. `picture` is the key of one in storage, `about` an object of schema.org.

    `title` is unique on the site; `crumbs` are the pages above this one. `root` comes before links of a page that is
    shown at other addresses than its own. A page that `has_map` may read tiles.
    """
    page = _ENVIRONMENT.get_template(template).render(
        path=path,
        title=words.shown(title, 120),
        description=words.shown(description, 300),
        crumbs=crumbs,
        to=root.__add__ if root else partial(links.between, path),
        file=partial(links.to_file, seen.files_at, path),
        address=partial(links.address_of_file, seen.files_at, seen.site_url),
        canonical=links.address(seen.site_url, path) if seen.site_url else "",
        picture=links.address_of_file(seen.files_at, seen.site_url, picture) if picture and seen.site_url else "",
        policy=_policy(seen, has_map),
        frame=_frame(root or links.up(path), *_section(path)),
        script=asset("enhance.js"),
        about=data_block(about) if about else "",
        **shown,
    )
    return page.encode("utf-8", "replace")


@dataclass(frozen=True)
class Frame:
    """What is around the content of a page."""

    links: Markup
    header: Markup
    footer: Markup


@cache
def _frame(up: str, section: str, is_top: bool) -> Frame:
    """That of all pages of a section which are as deep: a fifth of the time of a page when it is made for each."""
    made = _ENVIRONMENT.get_template("frame.html").make_module(
        {
            "to": up.__add__,
            "section": section,
            "is_top": is_top,
            "stylesheet": asset("site.css"),
            "icon": asset("icon.svg"),
        }
    )
    return Frame(*(getattr(made, name)() for name in ("links", "header", "footer")))


def _section(path: str) -> tuple[str, bool]:
    """The entry of the navigation that a page is below, and whether it is that page; `/` for none."""
    section = f"{path.partition('/')[0]}/"
    known = [target for _, target in NAVIGATION if target.startswith(section)]
    return (section, path in known) if known else ("/", False)


def data_block(value: object) -> Markup:
    """JSON that may stand in a `script` of data: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def origin(seen: Snapshot) -> str:
    """The origin of files in storage where it is another server than that of the pages, '' otherwise."""
    parts = urlsplit(seen.files_at)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else ""


def _policy(seen: Snapshot, has_map: bool) -> str:
    ours = f"'self' {origin(seen)}".strip()
    # The signs of the map library are pictures inside its stylesheet.
    for_maps = f" data:; connect-src {ours}; worker-src 'self'" if has_map else ""
    return (
        f"default-src 'none'; style-src 'self'; script-src 'self'; img-src {ours}{for_maps}; "
        "base-uri 'none'; form-action 'none'"
    )
