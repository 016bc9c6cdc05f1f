"""Renders the site. For now it is one page: the newest runs, worst told first by a word and a mark."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from psycopg import Connection
from psycopg_pool import ConnectionPool

from dashboards.views import run_line
from openaddr.db import runs
from openaddr.storage.objects import ALWAYS_ASK, About, Storage
from openaddr.storage.publishing import switch

SHOWN = 500
PAGE = About("text/html; charset=utf-8", ALWAYS_ASK)
TEMPLATES = Environment(
    loader=PackageLoader("dashboards"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def publish(pool: ConnectionPool[Connection[Any]], storage: Storage) -> None:
    """Write the pages of what the record says now. Raises ProblemError; then the old pages stay."""
    with pool.connection() as conn:
        lines = [run_line(run, storage) for run in runs.recent(conn, SHOWN)]
    page = TEMPLATES.get_template("runs.html").render(lines=lines)
    switch(storage, "site/index.html", page.encode(), PAGE)
