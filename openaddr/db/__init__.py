"""The record of everything, in Postgres: what ran, runs and is to run, and what came of it.

- `connections` opens them, `migrating` brings a database up to date; `schema.sql` is what it then looks like.
- One module per table: `source_files`, `sets`, `jobs`, `runs`, `last_good`, `deliveries`, `outbox`, `collections`.
  Their queries are in `queries/<table>.sql`, each under the name that it has in the module.
- `records` is what rows become. `statements` reads the queries and runs them, `values` makes text fit to be stored.

Functions take a connection and never commit: the caller owns the transaction, and says what belongs together:

    with pool.connection() as conn:
        if runs.finish(conn, lease, outcome):
            last_good.move(conn, lease.run_id)

All times are of the database's clock. An error of the database is a `psycopg.Error`; one that may pass (no server, no
free connection, a lock not had in time) is a `psycopg.OperationalError`.
"""
