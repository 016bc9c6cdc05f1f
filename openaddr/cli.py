"""The command line: `openaddr`. Data goes to standard output, everything else to standard error.

Exit codes: 0 done (skipped too), 1 findings, 2 usage, 3 the source is at fault, 4 a remote server is at fault, 5 held,
6 configuration, 70 our fault, 130 interrupted. Of several layer sources the highest wins.
"""

import pkgutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from openaddr import __version__

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="OpenAddresses Machine: from a source file to published, explained data.",
)


PrefectFile = Annotated[
    Path | None, typer.Option("--prefect-file", metavar="FILE", help="What to deploy, instead of our prefect.yaml.")
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"openaddr {__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """OpenAddresses Machine: from a source file to published, explained data."""


@app.command(short_help="Download, conform and package the layer sources of source files.")
def process(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE_FILE...", help="Source files to process.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where the results go.")],
    layer: Annotated[str | None, typer.Option("--layer", "-l", help="Only this layer.")] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", help="Only the source of this name.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per layer source.")] = False,
    tiles: Annotated[bool, typer.Option("--tiles/--no-tiles", help="Make PMTiles.")] = True,
    preview: Annotated[bool, typer.Option("--preview/--no-preview", help="Draw the preview picture.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Fetch data that has not changed, too.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no report, only the exit code.")
    ] = False,
) -> None:
    """\b
    Examples:
      openaddr process sources/us/ca/alameda.json --output out
      openaddr process sources/us/ca/alameda.json --layer addresses --name county --output out --json

    Download, conform and package the layer sources of source files.
    """
    # The work is loaded only when it is asked for: `--help` has to answer at once.
    run = pkgutil.resolve_name("openaddr.commands:run_process")
    raise typer.Exit(
        run(
            sources,
            output,
            layer=layer,
            name=name,
            as_json=as_json,
            tiles=tiles,
            preview=preview,
            fresh=fresh,
            quiet=quiet,
        )
    )


class Written(StrEnum):
    """How findings are written down."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


Sources = Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help="Source files, or folders of them.")]


@app.command(short_help="Say what is wrong with source files, without looking at their data.")
def lint(
    paths: Sources = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only files that differ from the default branch where this one began.")
    ] = False,
    staged: Annotated[bool, typer.Option("--staged", help="Only what the next commit changes, as it will be.")] = False,
    written: Annotated[Written, typer.Option("--format", help="How findings are written.")] = Written.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended safely, in place.")] = False,
) -> None:
    """\b
    Examples:
      openaddr lint sources/us/ca/alameda.json
      openaddr lint sources --fix
      openaddr lint --changed --format github
      openaddr lint --staged
      openaddr lint sources --format sarif > lint.sarif

    Say what is wrong with source files, without looking at their data, and what to write instead. docs/lint.md lists
    the rules. The exit code is 1 when there is a bug; warnings and hints are only said.
    """
    run = pkgutil.resolve_name("openaddr.linting:run_lint")
    form = "json" if as_json else written.value
    raise typer.Exit(run(paths or [], changed=changed, staged=staged, written=form, fix=fix))


@app.command(short_help="Try the acceptance tests of source files.")
def test(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Source files, or folders of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per test.")] = False,
) -> None:
    """\b
    Examples:
      openaddr test sources/us/tx/galveston.json
      openaddr test sources --json

    Try the acceptance tests of source files, as a run does before it downloads anything, and show of each that fails
    what was expected and what came instead. The exit code is 1 when a test fails.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.testing:run_test")(paths, as_json=as_json))


@app.command(
    short_help="Say what this machine has of what a run needs, and what is active of the box that keeps strangers in."
)
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per check.")] = False,
) -> None:
    """\b
    Example:
      openaddr doctor --json

    Say what this machine has of what a run needs, and what is active of the box that keeps strangers in.
    """
    raise typer.Exit(pkgutil.resolve_name("openaddr.commands:run_doctor")(as_json=as_json))


@app.command(short_help="Say in which rows or layer sources two outputs or source files differ.")
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A run's folder, its extract.parquet, or a source file.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The same of the newer version.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 when there are differences.")] = False,
    examples: Annotated[int, typer.Option("--examples", min=0, max=1000, help="Rows shown of each kind.")] = 5,
) -> None:
    """\b
    Examples:
      openaddr diff old/us/ca/alameda/addresses/county new/us/ca/alameda/addresses/county
      git show main:sources/us/wa/king.json > old.json && openaddr diff old.json sources/us/wa/king.json

    Say which rows of two outputs, or which layer sources of two source files, are not the same.
    """
    run = pkgutil.resolve_name("openaddr.comparison.command:run_diff")
    raise typer.Exit(run(old, new, as_json=as_json, exit_code=exit_code, examples=examples))


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


@app.command(short_help="Start everything on this machine: Postgres, Prefect, workers, the site. Ctrl-C stops it.")
def up(
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where the data, outputs and logs are kept.")
    ] = Path("output/stack"),
    prefect_file: PrefectFile = None,
) -> None:
    """\b
    Example:
      openaddr up --folder /srv/openaddr

    Start everything on this machine: Postgres, Prefect, workers, the site. Ctrl-C stops it, the data is kept.
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


def main() -> None:
    """Entry point of the `openaddr` command."""
    app()
