"""Fills a template: what every page has (title, links, policy) and the filters that templates print with."""

import json
import re
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dashboards import charts, links
from dashboards.assets import asset
from dashboards.snapshot import Snapshot
from openaddr import __version__, words
from openaddr.db.records import RunStatus
from openaddr.recorded import Told, explained, reason_words

MARKS: dict[str, str] = {
    RunStatus.QUEUED: "…",
    RunStatus.RUNNING: "▸",
    RunStatus.SUCCEEDED: "✓",
    RunStatus.HELD: "‖",
    RunStatus.FAILED: "✗",
    RunStatus.SKIPPED: "»",
    RunStatus.LOST: "?",
    "waiting": "…",
    "removed": "∅",
    "complete": "✓",
    "abandoned": "✗",
    "errored": "✗",
    "superseded": "–",
}
NAVIGATION = (
    ("Sources", "sources/index.html"),
    ("Sets", "sets/index.html"),
    ("Jobs", "jobs/index.html"),
    ("Health", "health/index.html"),
    ("Collections", "collections/index.html"),
    ("Licences", "licenses/index.html"),
    ("Data access", "data-access/index.html"),
)
_TICKS = re.compile(r"`([^`]{1,200})`")
Crumb = tuple[str, str]
"""Words and page; '' for the page itself."""

_ENVIRONMENT = Environment(
    loader=PackageLoader("dashboards"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_ENVIRONMENT.filters |= {
    name: getattr(words, name)
    for name in (
        "change",
        "day",
        "duration",
        "iso",
        "moment",
        "number",
        "percent",
        "plural",
        "short",
        "shown",
        "size",
        "web",
    )
}
_ENVIRONMENT.filters |= {
    "is_explained": lambda code: explained(code) is not None,
    "title_of": lambda code: Told(code).title if code else "Without a code",
    "hint_of": lambda code: getattr(explained(code), "hint", ""),
    "reason_words": reason_words,
}
_ENVIRONMENT.globals |= {
    "charts": charts,
    "links": links,
    "marks": MARKS,
    "navigation": NAVIGATION,
    "dash": words.NONE,
    "dash_value": None,
    "version": __version__,
}


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
        stylesheet=asset("site.css"),
        icon=asset("icon.svg"),
        script=asset("enhance.js"),
        about=data_block(about) if about else "",
        **shown,
    )
    return page.encode("utf-8", "replace")


def ticks(text: object, most: int = words.LONGEST) -> Markup:
    """A text with what stands between backticks as code."""
    return Markup(_TICKS.sub(r"<code>\1</code>", str(escape(words.shown(text, most)))))


def at_slashes(text: object) -> Markup:
    """A path that may be broken behind each slash."""
    return Markup(str(escape(words.shown(text, 120))).replace("/", "/<wbr>"))


_ENVIRONMENT.filters |= {"ticks": ticks, "at_slashes": at_slashes}


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
