"""Commands for whoever runs it for everybody; they are part of `openaddr` (`cli`)."""

import pkgutil
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
PrefectFile = Annotated[
    Path | None, typer.Option("--prefect-file", metavar="FILE", help="What to deploy, instead of our prefect.yaml.")
]
Stack = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="That of `openaddr up`, which must not run meanwhile."),
]

db = typer.Typer(no_args_is_help=True, help="The database that is the record of everything.")
app.add_typer(db, name="db")


@db.command(short_help="Bring the database up to date; harmless when it is.")
def migrate() -> None:
    """\b
    Example:
      DATABASE_URL=postgresql://localhost/openaddr openaddr db migrate

    Bring the database up to date; harmless when it is.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.commands:run_migrate")())


@app.command(short_help="Start everything on this machine: Postgres, Prefect, workers, site, webhook. Ctrl-C stops it.")
def up(
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where the data, outputs and logs are kept.")
    ] = Path("output/stack"),
    prefect_file: PrefectFile = None,
) -> None:
    """\b
    Example:
      openaddr up --folder /srv/openaddr

    Start everything on this machine: Postgres, Prefect, workers, site, webhook. Ctrl-C stops it, the data is kept.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.operating:run_up")(folder, prefect_file))


@app.command(short_help="Make the Prefect server at PREFECT_API_URL agree with prefect.yaml; says what was changed.")
def deploy(prefect_file: PrefectFile = None) -> None:
    """\b
    Example:
      PREFECT_API_URL=http://127.0.0.1:4200/api openaddr deploy

    Make the Prefect server at PREFECT_API_URL agree with prefect.yaml; says what was changed.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.operating:run_deploy")(prefect_file))


@app.command(short_help="Take deliveries of GitHub, write them down and have them begun; Ctrl-C stops it.")
def webhook(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where to listen.")] = 8000,
) -> None:
    """\b
    Example:
      OPENADDR_WEBHOOK_SECRETS=… OPENADDR_REPOSITORIES=me/sources openaddr webhook --port 8000

    Take deliveries of GitHub, write them down and have them begun; Ctrl-C stops it.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.operating:run_webhook")(host, port))


@app.command(short_help="Answer Prometheus at /metrics with the numbers of queues, sources and storage.")
def metrics(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where to listen.")] = 9464,
) -> None:
    """\b
    Example:
      DATABASE_URL=postgresql://localhost/openaddr openaddr metrics --port 9464

    Answer Prometheus at /metrics with the numbers of queues, sources and storage; Ctrl-C stops it. They are for those
    who run it: nobody else should get there.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.operating:run_metrics")(host, port))


@app.command(short_help="Check a commit or a pull request as if GitHub had told us of it, or a saved delivery again.")
def job(
    delivery: Annotated[
        Path | None, typer.Option("--delivery", metavar="FILE", help="A payload of GitHub's, saved as JSON.")
    ] = None,
    event: Annotated[str, typer.Option("--event", metavar="NAME", help="Which event the payload is of.")] = "push",
    repository: Annotated[
        str, typer.Option("--repository", metavar="OWNER/NAME", help="One of OPENADDR_REPOSITORIES.")
    ] = "",
    commit: Annotated[str, typer.Option("--commit", metavar="SHA", help="All 40 digits of its id.")] = "",
    since: Annotated[
        str, typer.Option("--since", metavar="SHA", help="What to compare with; else the default branch.")
    ] = "",
    pull_request: Annotated[int, typer.Option("--pull-request", metavar="NUMBER", help="Answer there, too.")] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Use nothing of earlier runs.")] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", envvar="USER", help="Who asks.")] = "operator",
) -> None:
    """\b
    Examples:
      openaddr job --repository openaddresses/openaddresses --pull-request 8416
      openaddr job --delivery payload.json --event pull_request

    Check a commit or a pull request as if GitHub had told us of it, or do what a saved delivery asks for again.
    """
    named = {"repository": {"full_name": repository}, "sender": {"login": by}, "number": pull_request or None}
    asked = {**named, "sha": commit, "before": since, "fresh": fresh}
    raise typer.Exit(pkgutil.resolve_name("openaddr.operating:run_job")(delivery, event, asked))


site = typer.Typer(no_args_is_help=True, help="The public site.")
app.add_typer(site, name="site")


@site.command(short_help="Render the site from the record, as it is done after each run.")
def build(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Pages go into DIR/site, not into the storage.")
    ] = None,
    afresh: Annotated[
        bool, typer.Option("--afresh", help="Write all pages, also those that have not changed.")
    ] = False,
) -> None:
    """\b
    Examples:
      openaddr site build
      openaddr site build --output /srv/pages --afresh

    Render the site from the record, as it is done after each run.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.operating:run_site_build")(output, afresh))


Reason = Annotated[str, typer.Option("--reason", "-r", help="Why: it is kept with the run.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", envvar="USER", help="Who decides.")]


@app.command(short_help="Publish a run that was held because it is worse than the last good one.")
def approve(run: Annotated[int, typer.Argument(metavar="RUN")], reason: Reason, by: By = "operator") -> None:
    """\b
    Example:
      openaddr approve 1234 --reason "two towns merged, the publisher says so"

    Publish a run that was held because it is worse than the last good one.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.deciding:run_decide")(run, "approved", by, reason))


@app.command(short_help="Refuse a run that was held: the last good one stays the latest.")
def reject(run: Annotated[int, typer.Argument(metavar="RUN")], reason: Reason, by: By = "operator") -> None:
    """\b
    Example:
      openaddr reject 1234 --reason "half of the streets are gone"

    Refuse a run that was held: the last good one stays the latest.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.deciding:run_decide")(run, "rejected", by, reason))


@app.command(short_help="Remove what is kept no longer, as it is done every day; --dry-run lists it.")
def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would go, and change nothing.")] = False,
) -> None:
    """\b
    Example:
      openaddr retention --dry-run

    Remove what is kept no longer, as it is done every day: files of old runs, pages of old jobs, rows that are done
    with, files that nobody names (OPENADDR_KEEP_…_DAYS). Pages say so before anything goes.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.operating:run_retention")(dry_run))


@app.command(short_help="Back up the record into a file, or into where backups are.")
def backup(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="A file of this machine instead.")] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List the backups that there are.")] = False,
    folder: Stack = None,
) -> None:
    """\b
    Examples:
      openaddr backup
      openaddr backup record.zip
      openaddr backup --list

    Back up the record into a file, or into where backups are (OPENADDR_BACKUP_BUCKET or OPENADDR_BACKUP_FOLDER), as it
    is done every day. Whoever works goes on working. What is stored is not in it, nor are settings.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.operating:run_backup")(folder, file, list_them))


@app.command(short_help="Make a backup the record of an empty database: all of it or nothing.")
def restore(
    backup: Annotated[str, typer.Argument(metavar="BACKUP", help="A file, or a name that `backup --list` shows.")],
    replace: Annotated[bool, typer.Option("--replace", help="In the place of the record that is there.")] = False,
    folder: Stack = None,
) -> None:
    """\b
    Examples:
      openaddr restore backups/2026-11-24T030000Z.zip
      openaddr restore record.zip --folder /srv/openaddr

    Make a backup the record of an empty database: all of it or nothing. Stop the workers before.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.operating:run_restore")(folder, backup, replace))


storage = typer.Typer(no_args_is_help=True, help="Where runs are stored.")
app.add_typer(storage, name="storage")


@storage.command(short_help="Tell the buckets what to do by themselves; harmless when they do.")
def setup() -> None:
    """\b
    Example:
      S3_BUCKET=results OPENADDR_BACKUP_BUCKET=backups openaddr storage setup

    Tell the buckets what to do by themselves: end uploads that nobody finishes, forget old versions, let scripts of any
    site read parts of files, and nobody read backups. Rules of others stay; harmless when all is as it should be.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.operating:run_storage_setup")())
