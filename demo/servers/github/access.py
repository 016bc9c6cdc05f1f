"""Who asks: tokens, apps and their installations."""

import secrets
from datetime import UTC, datetime, timedelta

import jwt

from demo.servers.github.answers import refused
from demo.servers.github.asking import Caller
from demo.servers.github.records import App
from demo.servers.github.repositories import MAINTAINER
from demo.servers.github.shapes import when
from demo.servers.serving import Request, Response

LONGEST_JWT = timedelta(minutes=10)
NOBODY = Caller("nobody")


class Access:
    """The token of a user, the app, and the tokens that its installation was given."""

    def __init__(self, token: str, app: App) -> None:
        self.token, self.app = token, app
        self.scopes: str | None = None
        """What GitHub says of a classic token in each answer; None for a fine-grained one."""
        self.given: dict[str, datetime] = {}
        """Tokens of the installation, with the end of each."""

    def caller(self, request: Request) -> Caller | Response:
        """Who asks, or why nobody can be told."""
        header = request.headers.get("authorization", "")
        if not header:
            return NOBODY
        scheme, _, secret = header.partition(" ")
        if scheme.lower() not in ("token", "bearer") or not secret:
            return refused(401, "Bad credentials")
        if secret == self.token:
            return Caller("user", MAINTAINER)
        if secret in self.given and self.given[secret] > datetime.now(UTC):
            return Caller("installation", self.app.login, self.app.permissions)
        return self._app(secret) if secret.count(".") == 2 else refused(401, "Bad credentials")

    def _app(self, secret: str) -> Caller | Response:
        """The app, by what it signed."""
        try:
            told = jwt.decode(secret, self.app.public_key, ["RS256"], options={"require": ["iat", "exp", "iss"]})
        except jwt.ExpiredSignatureError:
            return refused(401, "'Expiration time' claim ('exp') must be a numeric value representing the future")
        except (jwt.InvalidTokenError, ValueError):
            return refused(401, "A JSON web token could not be decoded")
        if str(told["iss"]) != str(self.app.id):
            return refused(404, "Integration not found")
        if told["exp"] > (datetime.now(UTC) + LONGEST_JWT).timestamp():
            return refused(401, "'Expiration time' claim ('exp') is too far in the future")
        return Caller("app", self.app.login)

    def give(self) -> dict[str, object]:
        """A new token of the installation, for an hour."""
        token, end = f"ghs_{secrets.token_hex(18)}", datetime.now(UTC) + timedelta(hours=1)
        self.given[token] = end
        told = {"permissions": dict(self.app.permissions), "repository_selection": "all"}
        return {"token": token, "expires_at": when(end), **told}

    def expire(self) -> None:
        """All tokens of the installation end."""
        self.given = dict.fromkeys(self.given, datetime.now(UTC))
