"""Whether GitHub sent a delivery: HMAC-SHA256 of the body with a secret that only GitHub and we know."""

import hmac
import re
from collections.abc import Mapping, Sequence

HEADER, OLD_HEADER = "x-hub-signature-256", "x-hub-signature"
VALUE = re.compile(r"sha256=([0-9a-f]{64})")


class SignatureError(ValueError):
    """A delivery has no signature that could be right: the message says why, in a sentence."""


def digest_in(headers: Mapping[str, str]) -> bytes:
    """The digest that a delivery comes with, which costs nothing to look at. Raises SignatureError.

    Names of headers are in lower case.
    """
    text = headers.get(HEADER)
    if text is None and OLD_HEADER in headers:
        raise SignatureError("The signature is SHA-1 only; set a secret at GitHub, which then sends SHA-256, too.")
    if text is None:
        raise SignatureError("There is no signature (X-Hub-Signature-256); set a secret at GitHub.")
    found = VALUE.fullmatch(text)
    if found is None:
        raise SignatureError("The signature (X-Hub-Signature-256) is not sha256= and 64 hexadecimal digits.")
    return bytes.fromhex(found[1])


def is_signed(body: bytes, digest: bytes, secrets: Sequence[str]) -> bool:
    """Whether a digest is of the body with one of the secrets.

    It takes the same time whichever secret fits, and however much of the digest does.
    """
    fits = [hmac.compare_digest(_digest(body, secret), digest) for secret in secrets]
    return any(fits)


def signature(body: bytes, secret: str) -> str:
    """What the header of a delivery says that is signed with a secret."""
    return f"sha256={_digest(body, secret).hex()}"


def _digest(body: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), body, "sha256")
