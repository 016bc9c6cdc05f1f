"""Markdown as GitHub reads it (https://github.github.com/gfm/). What strangers wrote stays the plain text that it is.

GitHub goes on after the parser: in text it makes links of @names, #numbers, ids of commits and addresses, pictures of
:words:, formulas of $. A space of no width, which nobody sees, keeps it from that; in code it does none of it.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from openaddr.words import LONGEST, shown, web

APART = "\u200b"
"""The space of no width."""
_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_IN_FRONT = re.compile(r"^(?:[-+=#:]|\d+[.)](?= |$))")
"""What ends with a sign that begins a list, a heading or a rule."""
_REFERENCE = re.compile(
    r"@(?=[\w-])"  # a person, or somebody's mail
    r"|#(?=\d)|GH-(?=\d)"  # an issue
    r"|:(?=//)|www(?=\.)"  # an address
    r"|:(?=[\w+-]+:)",  # a picture
    re.IGNORECASE,
)
_COMMIT = re.compile(r"[0-9a-f]{7,}", re.IGNORECASE)
_IN_ADDRESS = ":/?#@!$&*+,;=%~-._"


def text(words: object, most: int = LONGEST) -> str:
    """Words of strangers as text on one line, wherever it stands: in a paragraph, a table or between tags."""
    return _plain(_one_line(words, most), in_front=True)


def code(words: object, most: int = LONGEST) -> str:
    """Words of strangers as code, in a paragraph or a table. These read a bar in code differently: it stays outside."""
    return "&#124;".join(map(_span, _one_line(words, most).split("|")))


def sentence(words: object, most: int = LONGEST) -> str:
    """A sentence of ours that may quote strangers, with what stands between backticks as code."""
    parts = _one_line(words, most).split("`")
    if len(parts) % 2 == 0 or not all(part.strip() for part in parts[1::2]):
        return text(words, most)
    return "".join(
        code(part, most) if place % 2 else _plain(part, in_front=place == 0) for place, part in enumerate(parts)
    )


def link(label: str, address: str) -> str:
    """Markdown as a link; as it is where the address is none that may be linked to."""
    target = quote(web(address), safe=_IN_ADDRESS).replace("&", "&amp;")
    return f"[{label}]({target})" if target else label


def picture(light: str, dark: str, about: str, width: int) -> str:
    """An image by its address, with another one for dark pages where there is one; '' without an address."""
    if not web(light):
        return ""
    image = f'<img alt="{escape(shown(about))}" src="{escape(web(light))}" width="{width}">'
    source = f'<source media="(prefers-color-scheme: dark)" srcset="{escape(web(dark))}">' if web(dark) else ""
    return f"<picture>{source}{image}</picture>"


def items(lines: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {line}" for line in lines)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: frozenset[str] = frozenset()) -> str:
    """A table of Markdown, those columns to the right whose head is among `numbers`."""
    rule = ["---:" if head in numbers else "---" for head in heads]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))


def fenced(lines: Iterable[str], most: int = 300) -> str:
    """Lines of strangers as a block of code."""
    content = "\n".join(shown(line, most) for line in lines)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", content)), default=0))
    return f"{fence}text\n{content}\n{fence}"


def folded(about: str, body: str) -> str:
    """What opens by a click on `about`, which is text."""
    return f"<details>\n<summary>{about}</summary>\n\n{body}\n\n</details>"


def fitted(blocks: Iterable[str], most: int, left_out: str) -> str:
    """Blocks with a line between them, up to a length in bytes; a sentence in the place of those that do not fit.

    GitHub counts characters, or bytes in some places: bytes are never fewer.
    """
    found, room = list[str](), most - len(left_out.encode())
    for block in filter(None, blocks):
        room -= len(block.encode()) + 2
        if room < 0:
            return "\n\n".join([*found, left_out])
        found.append(block)
    return "\n\n".join(found)


def _one_line(words: object, most: int) -> str:
    return " ".join(shown(words, most).split())


def _plain(words: str, *, in_front: bool) -> str:
    found = _REFERENCE.sub(rf"\g<0>{APART}", words)
    found = _COMMIT.sub(lambda digits: re.sub(".{6}(?=.)", rf"\g<0>{APART}", digits[0]), found)
    found = _SPECIAL.sub(lambda sign: _entity(sign[0]), found)
    if in_front:
        found = _IN_FRONT.sub(lambda front: front[0][:-1] + _entity(front[0][-1]), found)
    return found.replace("$", "<span>$</span>")


def _entity(sign: str) -> str:
    """A sign as an entity: the parser gives it no meaning, and it is the same in HTML."""
    return f"&#{ord(sign)};"


def _span(part: str) -> str:
    if not part:
        return ""
    fence = "`" * (1 + max(map(len, re.findall("`+", part)), default=0))
    is_padded = part.strip() and (part[0] == "`" or part[-1] == "`" or (part[0] == part[-1] == " "))
    pad = " " if is_padded else ""
    return f"{fence}{pad}{part}{pad}{fence}"
