"""A delivery becomes a row before it is answered: what was answered 2xx is never lost, and never done twice."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection, InterfaceError, OperationalError
from psycopg_pool import ConnectionPool, PoolTimeout
from starlette.responses import JSONResponse

from deployments.webhook.answers import Refusal
from openaddr.db import deliveries
from openaddr.db.records import DeliveryStatus
from openaddr.github import events
from openaddr.github.events import Ignored
from openaddr.github.signature import SignatureError, digest_in, is_signed

DELIVERY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
"""GitHub's are GUIDs."""
EVENT = re.compile(r"[a-z0-9_]{1,64}")
FORM = "application/x-www-form-urlencoded"
POOL_SECONDS = 5.0
AWAY = (OperationalError, InterfaceError, PoolTimeout)


@dataclass(frozen=True)
class Envelope:
    """What the headers say: `digest` is None where signatures are not looked at."""

    delivery_id: str
    event: str
    digest: bytes | None
    is_form: bool


@dataclass(frozen=True)
class Receipt:
    """What the record has of a delivery. `skip` says why it asks for nothing, '' when it asks for something."""

    delivery_id: str
    skip: str
    flow_run: UUID | None = None
    is_new: bool = True

    def answer(self) -> JSONResponse:
        """The same whenever it is delivered again, but for the flow run once there is one."""
        if self.skip:
            return JSONResponse({"skip": self.skip})
        flow_run = str(self.flow_run) if self.flow_run else None
        return JSONResponse({"delivery": self.delivery_id, "flow_run": flow_run}, 202)


@dataclass(frozen=True)
class Receiver:
    """Who writes deliveries down. Without secrets any delivery is taken for GitHub's."""

    pool: ConnectionPool[Connection[Any]]
    secrets: Sequence[str]
    repositories: Sequence[str]

    def envelope(self, headers: Mapping[str, str]) -> Envelope:
        """What a delivery is, before its body is read. Raises Refusal."""
        try:
            digest = digest_in(headers) if self.secrets else None
        except SignatureError as error:
            raise Refusal(401, "signature", str(error)) from None
        delivery_id = _header(headers, "X-GitHub-Delivery", DELIVERY)
        event = _header(headers, "X-GitHub-Event", EVENT)
        return Envelope(delivery_id, event, digest, headers.get("content-type", "").startswith(FORM))

    def receive(self, envelope: Envelope, body: bytes) -> Receipt:
        """Have it on the record, once and for ever. Raises Refusal."""
        if envelope.digest is not None and not is_signed(body, envelope.digest, self.secrets):
            raise Refusal(401, "signature", "The signature fits the body with no secret that is known here.")
        payload = _payload(envelope, body)
        asked = events.read(envelope.event, payload, self.repositories)
        reason = asked.reason if isinstance(asked, Ignored) else ""
        try:
            with self.pool.connection(POOL_SECONDS) as conn:
                return _recorded(conn, envelope, payload, reason)
        except AWAY as error:
            raise database_away() from error
        except RecursionError:
            raise _unreadable("it is nested too deeply") from None

    def is_well(self) -> bool:
        """Whether deliveries can be written down now."""
        try:
            with self.pool.connection(POOL_SECONDS) as conn:
                conn.execute("select 1")
        except AWAY:
            return False
        return True


def _recorded(conn: Connection[Any], envelope: Envelope, payload: Mapping[str, Any], reason: str) -> Receipt:
    """Write a delivery down, with the reason when it asks for nothing; the one that is there when it came before."""
    if deliveries.receive(conn, envelope.delivery_id, envelope.event, payload):
        if reason:
            deliveries.ignore(conn, envelope.delivery_id, reason)
        return Receipt(envelope.delivery_id, reason)
    found = deliveries.get(conn, envelope.delivery_id)
    assert found is not None, "retention deletes only what is days old"
    skip = found.reason if found.status is DeliveryStatus.IGNORED else ""
    return Receipt(found.id, skip, found.flow_run_id, is_new=False)


def database_away() -> Refusal:
    """What is said when it is not known that a delivery is on the record."""
    return Refusal(503, "database_away", "The database is away or does not answer: deliver it again later.")


def _header(headers: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = headers.get(name.lower(), "")
    if not pattern.fullmatch(value):
        raise Refusal(400, "header", f"The header {name} is {'not usable' if value else 'missing'}.")
    return value


def _payload(envelope: Envelope, body: bytes) -> Mapping[str, Any]:
    if envelope.is_form:
        raise _unreadable("it is a form; set the content type to application/json at GitHub")
    try:
        # Less strict than msgspec: halves of surrogate pairs and long numbers are no reason to lose a delivery.
        payload = json.loads(body.decode())
    except ValueError as error:
        raise _unreadable(str(error)) from None
    except RecursionError:
        raise _unreadable("it is nested too deeply") from None
    if not isinstance(payload, dict):
        raise _unreadable(f"it is a {type(payload).__name__}")
    return payload


def _unreadable(why: str) -> Refusal:
    return Refusal(400, "json", f"The body cannot be read as a JSON object: {why}.")
