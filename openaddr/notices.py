"""Tells those who run it of a trouble: by a webhook as Slack has them, by SNS, or both."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from openaddr import amazon
from openaddr.errors import Code, ProblemError
from openaddr.logs import Redactor
from openaddr.run import printable
from openaddr.settings import Settings, secret_values
from openaddr.troubles import Trouble

SECONDS = 10.0
LONGEST = 2_000
"""Characters of a notice."""


def is_wanted(settings: Settings) -> bool:
    """Whether anybody wants to be told."""
    return bool(settings.notice_webhook_url or settings.notice_topic)


def tell(settings: Settings, trouble: Trouble) -> list[str]:
    """Tell of a trouble wherever the settings say; gives the problems of those that could not be told.

    Raises ProblemError when nobody could.
    """
    title, text = (_fit(part, settings) for part in (trouble.title, trouble.text))
    ways: list[Callable[[], None]] = []
    if settings.notice_webhook_url:
        ways.append(partial(_post, settings.notice_webhook_url, title, text))
    if settings.notice_topic:
        ways.append(partial(amazon.publish, settings, f"OpenAddresses: {title}", text))
    problems = []
    for way in ways:
        try:
            way()
        except ProblemError as error:
            problems.append(str(error))
    if ways and len(problems) == len(ways):
        raise ProblemError(Code.NOTICE_UNSENT, " ".join(problems))
    return problems


def _fit(text: str, settings: Settings) -> str:
    """A text whose parts may come from strangers and from errors: without secrets, and not too long."""
    lines = (printable(line) for line in Redactor(secret_values(settings))(text).splitlines())
    return "\n".join(lines)[:LONGEST]


def _post(address: str, title: str, text: str) -> None:
    """Post a notice. Raises ProblemError, which does not name the address: whoever knows that can post there."""
    body = msgspec.json.encode({"text": f"*{_escaped(title)}*\n{_escaped(text)}"})
    host = urlsplit(address).hostname
    try:
        with urllib3.PoolManager(timeout=SECONDS, retries=False) as pool:
            answer = pool.request("POST", address, body=body, headers={"Content-Type": "application/json"})
    except HTTPError as error:
        raise ProblemError(Code.NOTICE_UNSENT, f"No answer from {host}: {type(error).__name__}.") from None
    if not 200 <= answer.status < 300:
        raise ProblemError(Code.NOTICE_UNSENT, f"{host} answers a notice with {answer.status}.")


def _escaped(text: str) -> str:
    """What Slack would take for a link or a call to everybody, as text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
