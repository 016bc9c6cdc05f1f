"""`python -m benchmarks.site`: how long the whole site takes, how long after one run, and how large its pages are.

Goals on two cores, one of which is Postgres's: 60 s for 10,000 runs, 2 s after one run, no page above 100 kB.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from benchmarks.record import fill
from dashboards.site import Published, publish
from deployments.embedded.postgres import running
from openaddr.db.connections import open_pool
from openaddr.db.migrating import migrate
from openaddr.storage.folder import Folder

LINE = "{:<16} {:>9} {:>9} {:>9}  {}"
GOALS = {"full": 60.0, "nothing new": 2.0, "after one run": 2.0}


def main() -> None:
    """Fill a database, and render its site three times."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.site", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="where the site is to stay, for looking at it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        folder = given.keep or Path(aside) / "storage"
        with running(Path(aside) / "postgres", Path(aside) / "log") as databases, open_pool(databases.ours) as pool:
            with pool.connection() as conn:
                migrate(conn)
                made = fill(conn, folder, given.runs, sources=given.runs * 28 // 100)
            print(f"{made:,} runs\n")
            report(pool, Folder(folder))
        print("\nlargest pages")
        pages = sorted((folder / "site").rglob("*.html"), key=lambda path: -path.stat().st_size)
        for path in pages[:8]:
            print(f"  {path.stat().st_size / 1_000:>6.1f} kB  {path.relative_to(folder / 'site')}")


def report(pool: ConnectionPool[Connection[Any]], storage: Folder) -> dict[str, int]:
    """The table: seconds, CPU seconds of this process, pages written; gives the last of them."""
    written = {}
    print(LINE.format("render", "seconds", "CPU s", "written", "goal"))
    for what in GOALS:
        if what == "after one run":
            with pool.connection() as conn:
                finish_one(conn)
        began, cpu = time.monotonic(), time.process_time()
        done = publish(pool, storage, "https://results.example.org")
        assert isinstance(done, Published)
        seconds = time.monotonic() - began
        used = f"{time.process_time() - cpu:.2f}"
        goal = f"{'ok' if seconds <= GOALS[what] else 'MISSED'}, below {GOALS[what]:g} s"
        print(LINE.format(what, f"{seconds:.2f}", used, f"{done.written:,}", goal), flush=True)
        written[what] = done.written
    return written


def finish_one(conn: Connection[Any]) -> None:
    """One more run of the newest set's first source, which fails."""
    conn.execute(
        "insert into runs (source_id, layer, name, source_sha, commit_sha, trust, size_class, fresh, status, "
        "started_at, finished_at, problem, record, rows) select source_id, layer, name, source_sha, commit_sha, trust, "
        "size_class, fresh, 'failed', now(), now(), "
        """'{"code": "HTTP_404", "message": "404 at https://example.gov/x.zip", "hint": ""}', record, 0 """
        "from runs where status = 'succeeded' and trust = 'merged' order by id limit 1"
    )


if __name__ == "__main__":
    main()
