"""No secret of an address in a problem: servers quote what they were asked for in replies, reasons and page titles."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import parse_qsl, unquote

from openaddr.download.address import Address
from openaddr.errors import ProblemError

SHORTEST_NAME = 3
SHORTEST_VALUE = 5
"""Shorter parts of a query are words such as `csv`, not secrets; hiding their letters would garble a message."""


@contextmanager
def discreetly(addresses: Collection[Address]) -> Iterator[None]:
    """Take user, password and query of the addresses out of the message of a problem that is raised inside."""
    try:
        yield
    except ProblemError as error:
        message = error.problem.message
        for secret in sorted({each for address in addresses for each in _secrets(address)}, key=len, reverse=True):
            message = message.replace(secret, "…")
        if message != error.problem.message:
            error.problem = replace(error.problem, message=message)
            error.args = (f"{error.problem.code}: {message}",)
        raise


def _secrets(address: Address) -> set[str]:
    """What may not be shown, encoded and decoded, but for what the name of the host tells anyway."""
    asked = {address.query, unquote(address.query), *(value for _, value in parse_qsl(address.query))}
    found = {each for each in asked if len(each) >= SHORTEST_VALUE}
    found |= {each for each in (address.user, address.password) if each and len(each) >= SHORTEST_NAME}
    return {secret for secret in found if secret not in address.host and secret != "anonymous"}
