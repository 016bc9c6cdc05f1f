"""The record: reachable, new enough, with every migration and the rights that our programs need."""

from collections.abc import Iterator

from openaddr.db import examining
from openaddr.db.connections import connect
from openaddr.db.migrating import migrations
from openaddr.doctor.checks import Check
from openaddr.doctor.parts import Look, Part
from openaddr.settings import Settings

OLDEST = 14
UNSET = "Set DATABASE_URL, or name the folder of `openaddr up` by --folder, and it is checked."
MIGRATE = "`openaddr db migrate` makes what is missing."
START = (
    "Start Postgres, and look at DATABASE_URL: host, port, name, password. Where it is away, runs wait for 10 minutes."
)


def part(settings: Settings) -> Part:
    """What is looked at."""
    url = settings.database_url
    looks = [
        Look("version", lambda: _version(url)),
        Look("migrations", lambda: _migrations(url)),
        Look("rights", lambda: _rights(url)),
    ]
    first = Look("database reachable", lambda: _reachable(url), START)
    return Part("Database", looks, first, unset="" if url else UNSET)


def _reachable(url: str) -> Iterator[Check]:
    with connect(url) as conn:
        conn.execute("select 1")
        told = f"{conn.info.dbname} at {conn.info.host}:{conn.info.port} as {conn.info.user}"
    yield Check("database reachable", True, told)


def _version(url: str) -> Iterator[Check]:
    with connect(url) as conn:
        major, minor = divmod(conn.info.server_version, 10_000)
    fix = f"Move to Postgres {OLDEST} or newer: dump the database there, restore it here, set DATABASE_URL."
    yield Check("version", major >= OLDEST, f"Postgres {major}.{minor}, {OLDEST} or newer is needed", fix)


def _migrations(url: str) -> Iterator[Check]:
    with connect(url) as conn:
        there = examining.applied(conn)
    known = {step.number: f"{step.number:04} {step.name}" for step in migrations()}
    if there is None:
        yield Check("migrations", False, "there are no tables of ours", MIGRATE)
    elif missing := sorted(known.keys() - there):
        told = ", ".join(known[number] for number in missing)
        yield Check("migrations", False, f"{len(missing)} of {len(known)} are missing: {told}", MIGRATE)
    elif newer := sorted(there - known.keys()):
        fix = "Install the release that made them, or restore the backup of before: older programs must not write here."
        told = ", ".join(f"{number:04}" for number in newer)
        yield Check("migrations", False, f"the database is newer than this program, which does not know {told}", fix)
    else:
        yield Check("migrations", True, f"all {len(known)}, the last is {known[max(known)]}")


def _rights(url: str) -> Iterator[Check]:
    with connect(url) as conn:
        lacking, may_migrate, user = (
            examining.without_rights(conn),
            examining.may_migrate(conn),
            conn.info.user,
        )
    fix = (
        f"As owner: `grant select, insert, update, delete on all tables in schema public to {user}` and "
        f"`grant select on all sequences in schema public to {user}`."
    )
    told = f"{user} may not use {', '.join(lacking)}" if lacking else "may read and write every table"
    yield Check("rights", not lacking, told, fix)
    # Others may do that with a role of their own.
    words = "may migrate" if may_migrate else "may not migrate: `openaddr db migrate` needs the owner of the tables"
    yield Check("right to migrate", True, words)
