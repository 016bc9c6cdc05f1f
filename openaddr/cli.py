"""The command line: `openaddr`. Data goes to standard output, everything else to standard error.

Exit codes: 0 done (skipped too), 1 findings, 2 usage, 3 the source is at fault, 4 a remote server is at fault, 5 held,
6 configuration, 70 our fault, 130 interrupted. Of several layer sources the highest wins.
"""

import pkgutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from openaddr import __version__, cli_operators
from openaddr.stages import Layer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="OpenAddresses Machine: from a source file to published, explained data.",
)


MaxBytes = Annotated[
    int, typer.Option("--max-bytes", min=1, metavar="N", help="Fetch no more, where a file has to be fetched whole.")
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


@app.command(short_help="Say what holds and what does not of what it takes to run this, and how to mend it.")
def doctor(
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Look at what `openaddr up --folder DIR` runs.")
    ] = None,
    prefect_file: cli_operators.PrefectFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per check.")] = False,
) -> None:
    """\b
    Examples:
      openaddr doctor
      openaddr doctor --folder /srv/openaddr
      openaddr doctor --json

    Say what holds (✓), what does not (✗), and what is not set up and so not checked (–), each with the fix: Python,
    libraries, the box that keeps strangers in, tippecanoe; for operators, by the settings, also database, storage,
    Prefect, GitHub, webhook, disk and clocks. Nothing is changed but for a probe that is stored and removed. The exit
    code is 6 when something does not hold.
    """
    run = pkgutil.resolve_name("openaddr.doctor.command:run_doctor")
    raise typer.Exit(run(folder, prefect_file, as_objects=as_json))


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


@app.command(short_help="Show what a run made in the browser: map, figures, problem, first rows. Ctrl-C stops it.")
def preview(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `process --output` wrote, or a run's folder.")],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, metavar="N", help="0 takes one that is free.")] = 0,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser where there is one.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print address and runs as one JSON object.")] = False,
) -> None:
    """\b
    Examples:
      openaddr preview out
      openaddr preview out/us/ca/alameda/addresses/county --port 8000 --no-open

    Show what a run made, on a page of this machine that asks nobody else: the map with what each point says, the
    problem with its place and fix, what became of the rows, what the attributes say, warnings, the first rows, the
    files. A folder of many runs has a list of them. Reload the page after the next run; Ctrl-C stops it.
    """
    run = pkgutil.resolve_name("openaddr.operating:run_preview")
    raise typer.Exit(run(folder, port=port, open_it=open_it, as_json=as_json))


@app.command(short_help="Say what is at an address or in a file, and suggest a conform.")
def explore(
    address: Annotated[str, typer.Argument(metavar="URL|FILE", help="An ESRI server, service or layer, or a file.")],
    layer: Annotated[Layer | None, typer.Option("--layer", "-l", help="Suggest a conform for this layer.")] = None,
    country: Annotated[str, typer.Option("--country", help="Two letters: where coordinates may lie.")] = "",
    rows: Annotated[int, typer.Option("--rows", min=1, max=5000, help="Rows to look at.")] = 500,
    max_bytes: MaxBytes = 100_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """\b
    Examples:
      openaddr explore https://gis.example.gov/arcgis/rest/services
      openaddr explore https://gis.example.gov/arcgis/rest/services/Parcels/MapServer/3
      openaddr explore https://data.example.fr/adresses.csv --json
      openaddr explore ~/Downloads/address_points.zip --layer addresses

    Say what is at an address or in a file: services and layers, or fields with how often they are filled and with what,
    the number of rows, coordinate system, encoding, delimiter and bounds. Suggests a conform and a source file to begin
    with. Of a large CSV or GeoJSON file only the beginning is fetched, of an ESRI layer the first page.
    """
    run = pkgutil.resolve_name("openaddr.bench.explore:run_explore")
    raise typer.Exit(run(address, as_json=as_json, rows=rows, max_bytes=max_bytes, layer=layer, country=country))


@app.command(short_help="Show the first rows of a source before and after conforming, without downloading it all.")
def sample(
    source: Annotated[Path, typer.Argument(metavar="SOURCE_FILE", help="A source file.")],
    layer: Annotated[str | None, typer.Option("--layer", "-l", help="Only this layer.")] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", help="Only the source of this name.")] = None,
    rows: Annotated[int, typer.Option("--rows", min=1, max=1000, help="Rows of each layer source.")] = 5,
    max_bytes: MaxBytes = 100_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per layer source.")] = False,
) -> None:
    """\b
    Examples:
      openaddr sample sources/us/ca/alameda.json
      openaddr sample sources/us/ca/alameda.json --layer addresses --name county --rows 20
      openaddr sample sources/us/nj/statewide.json --max-bytes 500000000 --json

    Show the first rows of the layer sources of a file, before and after conforming, side by side. Of an ESRI layer the
    first page is fetched, of CSV and GeoJSON the beginning; a zip, and formats that have to be read as a whole, are
    fetched whole when they are not larger than --max-bytes.
    """
    run = pkgutil.resolve_name("openaddr.bench.sample:run_sample")
    raise typer.Exit(run(source, layer=layer, name=name, rows=rows, max_bytes=max_bytes, as_json=as_json))


@app.command(short_help="Begin a source file for the data at an address, with questions and suggested answers.")
def new(
    address: Annotated[str, typer.Argument(metavar="URL|FILE", help="An ESRI server, service or layer, or a file.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take all suggestions, ask nothing.")] = False,
    layer: Annotated[Layer | None, typer.Option("--layer", "-l", help="What the data is.")] = None,
    country: Annotated[str, typer.Option("--country", help="Two letters, such as us.")] = "",
    state: Annotated[str, typer.Option("--state", help="State or province, such as mi.")] = "",
    county: Annotated[str, typer.Option("--county", help="County, such as Kent.")] = "",
    city: Annotated[str, typer.Option("--city", help="City, where it is no more than that.")] = "",
    website: Annotated[str, typer.Option("--website", help="A web page about the data.")] = "",
    licence: Annotated[str, typer.Option("--license", help="The licence, an address or words.")] = "",
    attribution: Annotated[str, typer.Option("--attribution", help="Who has to be named.")] = "",
    max_bytes: MaxBytes = 100_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print path and source as one JSON object.")] = False,
) -> None:
    """\b
    Examples:
      openaddr new https://gis.example.gov/arcgis/rest/services/Parcels/MapServer/3
      openaddr new https://data.example.fr/adresses.csv --output sources/fr/countrywide.json
      openaddr new https://gis.example.gov/arcgis/rest/services --layer addresses --yes --json

    Look at the data of an address as `explore` does, and write a source file for it: asks for the layer, the columns of
    the attributes, what becomes of the first rows, the place, the licence. Enter takes what is suggested. A file that
    is there already is never touched.
    """
    given = pkgutil.resolve_name("openaddr.bench.choosing:Given")(
        layer, country, state, county, city, website, licence, attribution
    )
    order = pkgutil.resolve_name("openaddr.bench.new:Order")(address, output, given, yes, max_bytes)
    raise typer.Exit(pkgutil.resolve_name("openaddr.bench.new:run_new")(order, as_json=as_json))


# Not by `add_typer`, which would list them before what contributors come for.
app.registered_groups += cli_operators.app.registered_groups
app.registered_commands += cli_operators.app.registered_commands


def main() -> None:
    """Entry point of the `openaddr` command."""
    app()
