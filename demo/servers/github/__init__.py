"""GitHub on this machine: repositories, pull requests and what is written to them, over its REST API.

- `repositories` is the model, which tests change and look at; `objects` and `history` are git's part of it, `records`
  what was written.
- `server` decides who asks for what. The operations are by subject: `reading`, `pull_requests`, `statuses`, `checks`;
  `access` has tokens and the app, `accounts` what it was given. `shapes` and `pull_shapes` are how things look in JSON.
- `deliveries` are what a webhook is told: `Deliveries(hosted).push().signed(secret)`; `event_shapes` is how that looks.
- `answers` has what may go wrong: `server.trouble["commit"] = UNICORN`.

Archives come from another host, as they do from GitHub: the same server under another name.
"""

from demo.servers.github.answers import (
    CUT_ANSWER,
    CUT_ARCHIVE,
    FORBIDDEN,
    HANGS_UP,
    NOT_OF_THE_APP,
    SILENT,
    UNICORN,
    moved,
    rate_limited,
    refused,
    too_fast,
)
from demo.servers.github.deliveries import Deliveries
from demo.servers.github.event_shapes import NOTHING
from demo.servers.github.objects import Commit
from demo.servers.github.records import Annotation, App, CheckRun, Comment, Status
from demo.servers.github.repositories import CONTRIBUTOR, MAINTAINER, Hosted, PullRequest
from demo.servers.github.server import GitHubServer
from demo.servers.github.signing import Delivery, signatures, signed

__all__ = [
    "CONTRIBUTOR",
    "CUT_ANSWER",
    "CUT_ARCHIVE",
    "FORBIDDEN",
    "HANGS_UP",
    "MAINTAINER",
    "NOTHING",
    "NOT_OF_THE_APP",
    "SILENT",
    "UNICORN",
    "Annotation",
    "App",
    "CheckRun",
    "Comment",
    "Commit",
    "Deliveries",
    "Delivery",
    "GitHubServer",
    "Hosted",
    "PullRequest",
    "Status",
    "moved",
    "rate_limited",
    "refused",
    "signatures",
    "signed",
    "too_fast",
]
