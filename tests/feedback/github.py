"""What GitHub makes of Markdown: its own parser, and what it looks for in the text after that."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

REFERENCES = re.compile(
    r"(?:^|\W)@[a-z0-9][\w-]*|(?:^|\W)#\d|\bGH-\d|\b[0-9a-f]{7,40}\b|:[\w+-]+:|https?://|\bwww\.|\$", re.IGNORECASE
)
"""People, issues, commits, pictures, addresses and formulas."""
WITHOUT = {"code", "pre", "a"}
"""Elements in whose text GitHub looks for nothing."""


@dataclass
class Seen(HTMLParser):
    """The elements of a page, its text, and the parts of the text in which GitHub looks for references."""

    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    text: str = ""
    looked_at: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        known = dict(attrs)
        self.links += [known["href"] or ""] if "href" in known else []
        self.images += [known["src"] or ""] if "src" in known else []

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += data
        if not WITHOUT & set(self._open) and not (self._open and self._open[-1] == "span"):
            self.looked_at.append(data)

    @property
    def references(self) -> list[str]:
        """What GitHub would make links of."""
        return [found[0] for part in self.looked_at for found in REFERENCES.finditer(part)]


def rendered(markdown: str) -> str:
    """The HTML of a comment, with all that GitHub's parser can do."""
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    return str(github_flavored_markdown_to_html(markdown, options=options))


def seen(markdown: str) -> Seen:
    """What there is to see of a comment."""
    found = Seen()
    found.feed(rendered(markdown))
    found.close()
    return found
