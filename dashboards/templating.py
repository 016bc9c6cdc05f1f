"""Templates, and the filters that they print with. What a kind of site has besides is given to `environment`."""

import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dashboards import charts
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
    "warning": "!",
    "hint": "i",
}
OF_WORDS = (
    "change", "day", "duration", "iso", "moment", "number", "percent", "plural", "short", "shown", "size", "web",
)  # fmt: skip
_TICKS = re.compile(r"`([^`]{1,200})`")


def environment(**known: object) -> Environment:
    """Our templates with our filters; `known` is what all of them may name."""
    made = Environment(
        loader=PackageLoader("dashboards"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {name: getattr(words, name) for name in OF_WORDS}
    made.filters |= {
        "at_slashes": at_slashes,
        "hint_of": lambda code: getattr(explained(code), "hint", ""),
        "is_explained": lambda code: explained(code) is not None,
        "reason_words": reason_words,
        "ticks": ticks,
        "title_of": lambda code: Told(code).title if code else "Without a code",
    }
    made.globals |= {
        "charts": charts,
        "marks": MARKS,
        "dash": words.NONE,
        "dash_value": None,
        "version": __version__,
        **known,
    }
    return made


def ticks(text: object, most: int = words.LONGEST) -> Markup:
    """A text with what stands between backticks as code."""
    return Markup(_TICKS.sub(r"<code>\1</code>", str(escape(words.shown(text, most)))))


def at_slashes(text: object) -> Markup:
    """A path that may be broken behind each slash."""
    return Markup(str(escape(words.shown(text, 120))).replace("/", "/<wbr>"))
