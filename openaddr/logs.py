"""How our programs log: what a line is about, as JSON for programs if that is asked for, and never with a secret.

Secrets are taken out when a line is made, whoever writes it and wherever it goes: a terminal, a file, a page, Prefect.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from openaddr.settings import Settings, load, secret_values

OURS = "openaddr"
TEXT = "%(asctime)s %(levelname)s %(message)s"
INSTEAD = "•••"
SHORTEST = 4
"""Characters of a secret that is looked for. What is shorter is in every word, and no secret."""
WITHIN = re.compile(r"[^\s]{20,}")
"""Parts of a secret of several lines, such as a key, that are secret by themselves."""

NOTHING: Mapping[str, object] = MappingProxyType({})
_ABOUT: ContextVar[Mapping[str, object]] = ContextVar("about", default=NOTHING)


@contextmanager
def about(**words: object) -> Iterator[None]:
    """Have each line that is logged in the block say what it is about: run=…, source=…, flow_run=…"""
    token = _ABOUT.set({**_ABOUT.get(), **{name: word for name, word in words.items() if word is not None}})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def known() -> Mapping[str, object]:
    """What lines are about here and now."""
    return _ABOUT.get()


class Redactor:
    """Takes secrets out of texts, also as they are written in addresses and on lines of their own."""

    def __init__(self, secrets: frozenset[str]) -> None:
        parts = {part for secret in secrets for part in (secret, *WITHIN.findall(secret.replace("\\n", "\n")))}
        forms = {form for part in parts for form in (part, quote(part, safe=""), repr(part)[1:-1])}
        # The longest first, so that none is left in half.
        looked_for = sorted((form for form in forms if len(form) >= SHORTEST), key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, looked_for))) if looked_for else None

    def __call__(self, text: str) -> str:
        """The text without them."""
        return self._secrets.sub(INSTEAD, text) if self._secrets else text


class Lines:
    """Makes the records of all loggers (`logging.setLogRecordFactory`)."""

    def __init__(self, make: Callable[..., logging.LogRecord], redactor: Redactor) -> None:
        self.make, self.redactor = make, redactor

    def __call__(self, *arguments: Any, **keywords: Any) -> logging.LogRecord:
        """A record that knows what it is about, with its message and traceback written out, without secrets."""
        record = self.make(*arguments, **keywords)
        record.about = _ABOUT.get()
        try:
            message = record.getMessage()
        except Exception:
            # A message that does not fit its arguments is a mistake, and no reason to lose either.
            message = f"{record.msg} {record.args!r}"
        record.msg, record.args = self.redactor(message), ()
        if record.exc_info and record.exc_info[1]:
            record.exc_text = self.redactor("".join(traceback.format_exception(record.exc_info[1])).rstrip("\n"))
        return record


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message, what it is about, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        found: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        # Prefect's own lines know their flow run by another name.
        flow_run = getattr(record, "flow_run_id", None)
        found |= {"flow_run": str(flow_run)} if flow_run and flow_run != "<unknown>" else {}
        found |= getattr(record, "about", NOTHING)
        if record.exc_text:
            found["exception"] = record.exc_text
        elif record.exc_info and record.exc_info[1]:
            found["exception"] = self.formatException(record.exc_info)
        return json.dumps(found, ensure_ascii=False, default=str)


def set_up(settings: Settings) -> None:
    """Let this process log as the settings say, to whatever handlers it has. Doing it again changes nothing."""
    made_by, redactor = logging.getLogRecordFactory(), Redactor(secret_values(settings))
    if isinstance(made_by, Lines):
        made_by.redactor = redactor
    else:
        logging.setLogRecordFactory(Lines(made_by, redactor))
    logging.getLogger(OURS).setLevel(logging.INFO)


def json_formatter() -> JsonFormatter:
    """For processes of Prefect's, whose logging is set up by a file: the formatter, and the rest along with it."""
    set_up(load())
    return JsonFormatter()


def set_up_program(settings: Settings) -> None:
    """The same for a program of ours, which logs to standard error."""
    set_up(settings)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
