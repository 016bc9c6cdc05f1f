"""Who we are to GitHub: taken for that, with the rights that are needed and no others, and with requests left."""

from collections.abc import Iterator, Mapping

import msgspec

from openaddr.doctor.checks import Check
from openaddr.doctor.parts import Look, Part
from openaddr.errors import Code, ProblemError
from openaddr.github.client import GitHub, Raw
from openaddr.github.names import Repository
from openaddr.github.waiting import Limits
from openaddr.settings import Settings

UNSET = "Set OPENADDR_REPOSITORIES, and GITHUB_TOKEN or GITHUB_APP_ID with GITHUB_APP_KEY, and it is checked."
LIMITS = Limits(answer_seconds=8, tries=1, wait_seconds=0.0, pause_seconds=0.0)
LEAST_SHARE = 0.05
"""Of the requests of an hour: with fewer, sets and answers begin to wait."""
NEEDED = {"checks": "write", "contents": "read", "pull_requests": "write", "statuses": "write"}
ALSO = {"issues": "write", "metadata": "read"}
"""What an App has anyway, or may have: comments are written by either of two rights."""
STRENGTH = {"": 0, "read": 1, "write": 2, "admin": 3}
SCOPES = {"public_repo", "repo:status"}
"""Of a classic token: to comment on public repositories, and to post statuses."""
NEW_TOKEN = (
    "Make a token with fewer rights, put it into GITHUB_TOKEN, and revoke this one: a fine-grained one for these "
    "repositories alone (contents: read, commit statuses and pull requests: write), or better an App."
)
NEW_KEY = "Make a new token at GitHub, or a private key of the App, and put it into GITHUB_TOKEN, or GITHUB_APP_KEY."
NO_ACCESS = "Look at OPENADDR_REPOSITORIES (owner/name), and give the token or the App access to the repository."


class Rate(msgspec.Struct, frozen=True):
    """What is left of an hour's requests."""

    limit: int
    remaining: int


class RateFound(msgspec.Struct, frozen=True):
    """The answer of `/rate_limit`, which counts for nothing."""

    rate: Rate


def part(settings: Settings) -> Part:
    """What is looked at."""
    if not (settings.repositories or settings.github_token or settings.github_app_id):
        return Part("GitHub", unset=UNSET)
    looks = [Look("requests left", lambda: _left(settings)), Look("rights", lambda: _rights(settings))]
    looks += [_seen(settings, name) for name in settings.repositories]
    first = Look("GitHub answers", lambda: _answers(settings))
    return Part("GitHub", looks, first)


def _whoever(settings: Settings) -> str:
    if settings.github_app_id:
        return f"the App {settings.github_app_id}"
    return "the owner of GITHUB_TOKEN" if settings.github_token else "nobody (neither GITHUB_TOKEN nor GITHUB_APP_ID)"


def _client(settings: Settings, name: str = "") -> GitHub:
    """As whom we are to a repository: the first one where it does not matter. Raises ProblemError."""
    chosen = name or next(iter(settings.repositories), "")
    return GitHub(settings, LIMITS, Repository.parse(chosen) if chosen else None)


def _asked(settings: Settings) -> Raw:
    with _client(settings) as github:
        status, headers, body = github.get("/rate_limit")
        github.good(status, headers, body)
        return status, {name.lower(): value for name, value in headers.items()}, body


def _answers(settings: Settings) -> Iterator[Check]:
    if settings.github_app_id and not settings.repositories:
        fix = "Set OPENADDR_REPOSITORIES: an App is known where it is installed."
        yield Check("GitHub answers", False, "there is an App, and no repository that it could be asked for", fix)
        return
    try:
        _asked(settings)
    except ProblemError as error:
        if error.problem.code is not Code.GITHUB_REFUSED:
            raise
        yield Check("GitHub answers", False, error.problem.message, NEW_KEY)
        return
    yield Check("GitHub answers", True, f"{settings.github_api_url} takes us for {_whoever(settings)}")


def _left(settings: Settings) -> Iterator[Check]:
    with _client(settings) as github:
        rate = github.read(github.get("/rate_limit"), RateFound).rate
    fix = "Wait for the next hour. Without token or App there are 60 an hour; who else uses this one?"
    told = f"{rate.remaining:,} of {rate.limit:,} an hour"
    yield Check("requests left", rate.remaining >= rate.limit * LEAST_SHARE, told, fix)


def _rights(settings: Settings) -> Iterator[Check]:
    if settings.github_app_id:
        for name in settings.repositories:
            with _client(settings, name) as github:
                yield _of_app(name, github.credentials.permissions)
    elif settings.github_token:
        yield _of_token(_asked(settings)[1])
    else:
        fix = "Set GITHUB_TOKEN or GITHUB_APP_ID, without which nobody is answered at GitHub."
        yield Check("rights", None, "we may read what is public", fix)


def _of_app(name: str, given: Mapping[str, str]) -> Check:
    lacking = [f"{what}: {level}" for what, level in NEEDED.items() if not _reaches(given.get(what, ""), level)]
    most = NEEDED | ALSO
    beyond = [f"{what}: {level}" for what, level in sorted(given.items()) if not _reaches(most.get(what, ""), level)]
    told = [f"it lacks {', '.join(lacking)}"] * bool(lacking) + [f"it has {', '.join(beyond)} beyond"] * bool(beyond)
    fix = (
        "Change the permissions of the App at GitHub (Settings, Developer settings, GitHub Apps) to what is needed, "
        "and accept that where it is installed."
    )
    needed = ", ".join(f"{what}: {level}" for what, level in NEEDED.items())
    return Check(f"rights at {name}", not told, "; ".join(told) or f"what is needed and no more: {needed}", fix)


def _reaches(level: str, wanted: str) -> bool:
    return STRENGTH.get(level, max(STRENGTH.values())) >= STRENGTH[wanted]


def _of_token(headers: Mapping[str, str]) -> Check:
    if "x-oauth-scopes" not in headers:
        fix = f"GitHub shows them to its owner: {NEW_TOKEN}"
        return Check("rights", True, "a fine-grained token, which tells its rights to nobody else", fix)
    scopes = {scope.strip() for scope in headers["x-oauth-scopes"].split(",")} - {""}
    beyond, lacking = sorted(scopes - SCOPES), sorted(SCOPES - scopes)
    if beyond:
        return Check("rights", False, f"the token has more than is needed: {', '.join(beyond)}", NEW_TOKEN)
    if lacking:
        return Check("rights", False, f"the token lacks {', '.join(lacking)}, to answer on GitHub", NEW_TOKEN)
    return Check("rights", True, f"what is needed and no more: {', '.join(sorted(scopes))}")


def _seen(settings: Settings, name: str) -> Look:
    def look() -> Iterator[Check]:
        with _client(settings, name) as github:
            branch = github.default_branch(Repository.parse(name))
        yield Check(name, True, f"can be read, its default branch is {branch}")

    return Look(name, look, NO_ACCESS)
