"""Only who knows a secret can sign."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.github.signature import SignatureError, digest_in, is_signed, signature

BODY, SECRET = b"Hello, World!", "It's a Secret to Everybody"
KNOWN_ANSWER = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
"""From GitHub's documentation, "Validating webhook deliveries"."""


def test_it_is_githubs_way_to_sign() -> None:
    assert signature(BODY, SECRET) == KNOWN_ANSWER
    assert is_signed(BODY, digest_in({"x-hub-signature-256": KNOWN_ANSWER}), [SECRET])


@pytest.mark.parametrize(
    "headers, told",
    [
        ({}, "There is no signature"),
        ({"x-hub-signature": "sha1=" + "0" * 40}, "The signature is SHA-1 only"),
        ({"x-hub-signature-256": ""}, "is not sha256="),
        ({"x-hub-signature-256": "sha1=" + "0" * 40}, "is not sha256="),
        ({"x-hub-signature-256": "sha256=" + "0" * 63}, "is not sha256="),
        ({"x-hub-signature-256": "sha256=" + "0" * 65}, "is not sha256="),
        ({"x-hub-signature-256": "sha256=" + "g" * 64}, "is not sha256="),
        ({"x-hub-signature-256": "0" * 64}, "is not sha256="),
    ],
)
def test_a_signature_that_cannot_be_right_is_told(headers: dict[str, str], told: str) -> None:
    with pytest.raises(SignatureError, match=told):
        digest_in(headers)


@given(st.binary(max_size=200), st.lists(st.text(min_size=1), min_size=1, max_size=3), st.data())
def test_what_is_signed_with_any_of_the_secrets_is_taken_and_nothing_else(
    body: bytes, secrets: list[str], data: st.DataObject
) -> None:
    secret = data.draw(st.sampled_from(secrets))
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    assert digest_in({"x-hub-signature-256": signature(body, secret)}) == digest
    assert is_signed(body, digest, secrets)
    assert not is_signed(body + b".", digest, secrets)
    other = data.draw(st.binary(min_size=32, max_size=32).filter(lambda found: found != digest))
    assert not is_signed(body, other, [secret])
    assert not is_signed(body, digest, [])
