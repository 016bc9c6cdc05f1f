"""An app whose keys are made when they are needed."""

import time
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from demo.servers.github import App


@cache
def _key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2_048)


def private_key(name: str = "right") -> str:
    """The key of the app, or one with another name, in PEM."""
    return _key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def known_app() -> App:
    """The app as GitHub knows it."""
    public = _key("right").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return App(public_key=public.decode())


def signed(key: str = "right", seconds: int = 300, issuer: object = "1234") -> str:
    """What an app says of itself, for so long."""
    now = int(time.time())
    return jwt.encode({"iat": now - 60, "exp": now + seconds, "iss": issuer}, private_key(key), "RS256")
