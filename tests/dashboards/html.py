"""Reads a page the way a browser or a person would, as far as tests ask."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from posixpath import dirname, normpath
from urllib.parse import unquote

VOID = {"meta", "link", "img", "br", "wbr", "input", "hr", "path", "circle", "rect"}
Attributes = dict[str, str]


@dataclass
class Read(HTMLParser):
    """One page: its elements in order, the text it shows, and what was never closed."""

    path: str
    elements: list[tuple[str, Attributes]] = field(default_factory=list)
    text: str = ""
    data: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for each element."""
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.problems.append(f"<{tag}> repeats an attribute")
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for elements that end at once, as in SVG."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Called for each end."""
        self.text += " " if tag in ("td", "th", "dt", "dd") else ""
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> ends nothing")

    def handle_data(self, data: str) -> None:
        """Called for text."""
        if self.open and self.open[-1] == "script":
            self.data.append(data)
        else:
            self.text += data

    def all(self, tag: str) -> list[Attributes]:
        """Attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def title(self) -> str:
        """The title."""
        return self.text.strip().split("\n", 1)[0]

    @property
    def words(self) -> str:
        """The text as it is read, on one line."""
        return " ".join(self.text.split())

    @property
    def links(self) -> list[str]:
        """Everything that a page links to or loads."""
        return [value for _, found in self.elements for name in ("href", "src") if (value := found.get(name))]

    @property
    def pages(self) -> set[str]:
        """Paths of what is linked to on the site, seen from its root; those of files in storage begin with `../`."""
        inside = (link for link in self.links if "://" not in link and not link.startswith("#"))
        return {normpath(f"{dirname(self.path)}/{unquote(link.split('#')[0])}".lstrip("/")) for link in inside}


def read(path: str, content: bytes) -> Read:
    """A page, read."""
    found = Read(path)
    found.feed(content.decode())
    found.close()
    found.problems += [f"<{tag}> is not closed" for tag in found.open]
    return found
