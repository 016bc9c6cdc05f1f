"""A delivery and its signatures."""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field

from demo.servers.github.event_shapes import HOOK
from demo.servers.github.shapes import Shape


@dataclass(frozen=True)
class Delivery:
    """An event on its way; `id` stays the same when it is delivered again."""

    event: str
    payload: Shape
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def signed(self, secret: str) -> tuple[bytes, dict[str, str]]:
        """Body and headers."""
        body, headers = signed(self.payload, secret)
        return body, {**headers, "X-GitHub-Event": self.event, "X-GitHub-Delivery": self.id}


def signed(payload: object, secret: str) -> tuple[bytes, dict[str, str]]:
    """The body of a payload, and the headers that do not depend on the event."""
    body = json.dumps(payload).encode()
    return body, signatures(body, secret)


def signatures(body: bytes, secret: str) -> dict[str, str]:
    """The headers of a body, whatever it is, that do not depend on the event."""
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/0123abc",
        "X-GitHub-Hook-ID": str(HOOK),
        "X-Hub-Signature": "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }
