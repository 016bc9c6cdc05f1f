"""Asks a server as a program without any library would."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

from demo.servers.github import GitHubServer

TOKEN = "ghp_CANARY0123456789"
NAME = "openaddresses/openaddresses"
ROOT = f"/repos/{NAME}"


@dataclass(frozen=True)
class Answered:
    """An answer; `found` is what its JSON says."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def found(self) -> Any:
        """What it says."""
        return json.loads(self.body)


def ask(
    server: GitHubServer,
    path: str,
    body: object = None,
    method: str = "",
    auth: str = TOKEN,
    accept: str = "",
    root: str = ROOT,
) -> Answered:
    """What is answered to a request below the repository; something is posted when there is a body."""
    method = method or ("GET" if body is None else "POST")
    headers = {"Authorization": f"Bearer {auth}"} if auth else {}
    headers |= {"Accept": accept} if accept else {}
    with urllib3.PoolManager(headers=headers, retries=False) as pool:
        answer = pool.request(method, f"{server.url}{root}{path}", json=body)
        return Answered(answer.status, dict(answer.headers), answer.data)
