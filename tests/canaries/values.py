"""A canary in the place of every secret: a value that stands nowhere else, so that wherever it is found it leaked."""

import base64
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from openaddr.settings import secret_fields, variable
from tests.github.apps import known_app, private_key

AROUND = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Secrets that are in no setting of ours: boto3 finds them."""
PREFECT = ("PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING")


def made(name: str) -> str:
    """A canary that tells where it comes from."""
    return f"canary-{name.lower().replace('_', '-')}-{secrets.token_hex(8)}"


@dataclass
class Canaries:
    """`environment` is what programs get; `words` are what must be found nowhere, each with the secret it is of."""

    environment: dict[str, str]
    words: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, secret: str) -> None:
        """Look for one more."""
        self.words = dict.fromkeys(_forms(secret), name) | self.words

    def found_in(self, content: bytes) -> set[str]:
        """Which secrets stand in some bytes."""
        return {name for word, name in self.words.items() if word.encode() in content}


def canaries(database_url: str) -> Canaries:
    """A value for every setting that is secret, also for those that this test does not know by name.

    `database_url` has a password already, which is a canary as good as any.
    """
    chosen: Mapping[str, str] = {
        "DATABASE_URL": database_url,
        "GITHUB_APP_KEY": private_key().replace("\n", "\\n"),
        "OPENADDR_NOTICE_WEBHOOK_URL": f"http://127.0.0.1:1/{made('notice')}",
    }
    fields = {variable(item.name): item.default for item in secret_fields()}
    environment = {name: chosen.get(name, made(name)) for name in fields}
    environment |= {name: f"{made(name)},{made(name)}" for name, default in fields.items() if default == ()}
    environment |= {name: made(name) for name in AROUND}
    signs_in = f"admin:{made('prefect')}"
    environment |= dict.fromkeys(PREFECT, signs_in)
    found = Canaries(environment | {"GITHUB_APP_ID": str(known_app().id), "AWS_ACCESS_KEY_ID": "key-of-nobody"})
    for name, value in environment.items():
        for secret in _secrets(name, value):
            found.add(name, secret)
    return found


def _secrets(name: str, value: str) -> Iterator[str]:
    if name == "GITHUB_APP_KEY":
        # Any line of it would be too much; the first and last say only what it is.
        yield from (line for line in value.split("\\n")[1:-1] if re.fullmatch(r"[A-Za-z0-9+/=]{40,}", line))
    elif name in PREFECT:
        yield value.partition(":")[2]
        yield value
    else:
        # What is secret of an address that has no password is its path.
        yield from (_of_address(part) if "://" in part else part for part in value.split(","))


def _of_address(address: str) -> str:
    found = urlsplit(address)
    return found.password or found.path.lstrip("/")


def _forms(secret: str) -> set[str]:
    """A secret as it is, in an address, and in base64, at whichever of three places it begins there."""
    coded = (base64.b64encode(bytes(skipped) + secret.encode()).decode() for skipped in range(3))
    return {secret, quote(secret, safe=""), *(text[4:-4] for text in coded if len(text) > 24)}


def environment_without_secrets() -> dict[str, str]:
    """Ours, without what might be of this machine."""
    kept = (name for name in os.environ if not name.startswith(("AWS_", "GITHUB_", "OPENADDR_", "PREFECT_")))
    return {name: os.environ[name] for name in kept if name not in ("DATABASE_URL", "S3_BUCKET")}
