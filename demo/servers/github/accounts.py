"""What is asked of no repository: who asks, how much more may be asked, and what an app was given."""

import time
from collections.abc import Callable, Mapping

from demo.servers.github.access import Access
from demo.servers.github.answers import NOT_FOUND, NOT_OF_THE_APP, RATE, given, refused
from demo.servers.github.asking import Caller
from demo.servers.github.pull_shapes import PullShapes
from demo.servers.github.repositories import START, Hosted
from demo.servers.github.shapes import Shapes, when
from demo.servers.serving import Response

NO_JWT = "A JSON web token could not be decoded"
UNTOLD = ("bio", "blog", "company", "email", "hireable", "location", "name")
NONE_OF = ("followers", "following", "public_gists", "public_repos")


def user(access: Access, caller: Caller, shapes: Shapes, parts: Mapping[str, str]) -> Response:
    """Whose token it is."""
    if caller.kind != "user":
        return refused(403, NOT_OF_THE_APP) if caller.login else refused(401, "Requires authentication")
    times = dict.fromkeys(("created_at", "updated_at"), when(START))
    return given({**shapes.user(caller.login), **dict.fromkeys(UNTOLD), **dict.fromkeys(NONE_OF, 0), **times})


def rate_limit(access: Access, caller: Caller, shapes: Shapes, parts: Mapping[str, str]) -> Response:
    """How much more may be asked."""
    rate = {"limit": RATE, "remaining": RATE - 1, "reset": int(time.time()) + 3_600, "used": 1}
    search = {**rate, "limit": 30, "remaining": 30, "used": 0}
    return given({"resources": {"core": rate, "search": search}, "rate": rate})


def access_token(access: Access, caller: Caller, shapes: Shapes, parts: Mapping[str, str]) -> Response:
    """A token for the installation of an app."""
    if caller.kind != "app":
        return refused(401, NO_JWT)
    return given(access.give(), 201) if int(parts["id"]) == access.app.installation else NOT_FOUND


ACCOUNTS: dict[str, Callable[[Access, Caller, Shapes, Mapping[str, str]], Response]] = {
    "user": user,
    "rate_limit": rate_limit,
    "access_token": access_token,
}


def installation(access: Access, caller: Caller, hosted: Hosted) -> Response:
    """How an app is installed on a repository."""
    if caller.kind != "app":
        return refused(401, NO_JWT)
    shapes, app = Shapes(hosted.api, hosted.web), access.app
    account = shapes.user(hosted.owner, "Organization")
    shape = {
        "id": app.installation,
        "account": account,
        "repository_selection": "all",
        "access_tokens_url": f"{shapes.api}/app/installations/{app.installation}/access_tokens",
        "repositories_url": f"{shapes.api}/installation/repositories",
        "html_url": f"{shapes.web}/organizations/{hosted.owner}/settings/installations/{app.installation}",
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": account["id"],
        "target_type": account["type"],
        "permissions": dict(app.permissions),
        "events": PullShapes(hosted, shapes).app()["events"],
        "created_at": when(START),
        "updated_at": when(START),
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }
    return given(shape)
