"""What deliveries are signed with."""

from collections.abc import Iterator
from contextlib import suppress

import boto3
from botocore.exceptions import BotoCoreError

from openaddr.doctor.checks import Check
from openaddr.doctor.parts import Look, Part
from openaddr.settings import Settings, secrets_in, variable

SHORTEST = 20
FEWEST_CHARACTERS = 8
"""Different ones: `aaaaaaaaaaaaaaaaaaaaaaaa` is long, and the first that is tried."""
OURS = variable("webhook_secrets")
NEW = f"Make a new one (`openssl rand -hex 32`), put it before the old one in {OURS}, then into GitHub's settings."
UNSET = (
    f"Set {OURS} (`openssl rand -hex 32`) here and at GitHub, and it is checked; `openaddr up` has one of its own "
    "(name its folder by --folder)."
)


def part(settings: Settings) -> Part:
    """What is looked at."""
    looks = [
        Look("webhook secret: signed", lambda: _signed(settings)),
        Look("webhook secret: strength", lambda: _strong(settings.webhook_secrets)),
        Look("webhook secret: its own", lambda: _alone(settings)),
    ]
    if settings.webhook_unsigned and not settings.webhook_secrets:
        return Part("Webhook", looks[:1])
    return Part("Webhook", looks, unset="" if settings.webhook_secrets else UNSET)


def _signed(settings: Settings) -> Iterator[Check]:
    if settings.webhook_secrets:
        yield Check("webhook secret", True, f"{len(settings.webhook_secrets)} set")
    else:
        told = "everybody may deliver: OPENADDR_WEBHOOK_UNSIGNED is set, and there is no secret"
        yield Check("webhook secret", False, told, f"Set {OURS}, and take OPENADDR_WEBHOOK_UNSIGNED out.")


def _strong(found: tuple[str, ...]) -> Iterator[Check]:
    weak = [f"number {number} is {told}" for number, secret in enumerate(found, 1) if (told := _weakness(secret))]
    yield Check("webhook secret: strength", not weak, "; ".join(weak) or f"{SHORTEST} characters or more", NEW)


def _weakness(secret: str) -> str:
    if len(secret) < SHORTEST:
        return f"{len(secret)} characters long, {SHORTEST} is the least"
    different = len(set(secret))
    return f"made of {different} different characters only" if different < FEWEST_CHARACTERS else ""


def _alone(settings: Settings) -> Iterator[Check]:
    """Who learns one secret must not have another with it."""
    others = [each for each in secrets_in(settings) if each[0] != OURS]
    with suppress(BotoCoreError):
        if settings.s3_bucket and (keys := boto3.Session().get_credentials()):
            others += [("the secret key of S3", keys.secret_key)]
    same = sorted({name for name, secret in others if secret in settings.webhook_secrets})
    told = f"the same as {', '.join(same)}" if same else "used for nothing else"
    yield Check("webhook secret: its own", not same, told, NEW)
