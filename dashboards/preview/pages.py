"""Pages of a folder of runs: a list of them, one for each, and one for what is not there."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from dashboards import libraries
from dashboards.figures import fills_of, stages_of
from dashboards.preview.results import Result, paths_of_runs, result_at
from dashboards.static_files import asset
from dashboards.templating import environment
from openaddr.errors import ProblemError
from openaddr.recorded import MOST
from openaddr.words import shown

RUNS = "runs/"
MOST_RUNS = 2_000
"""Lines of a list that a browser still shows at once."""


def page_of(path: str) -> str:
    """The address of the page of a run (`Result.path`) on its server."""
    return f"/{RUNS}{quote(path)}"


_ENVIRONMENT = environment(
    has_problem_pages=False,
    to="/".__add__,
    page_of=page_of,
    stylesheet=asset("site.css"),
    icon=asset("icon.svg"),
    script=asset("enhance.js"),
)


@dataclass(frozen=True)
class Line:
    """One run in the list: what is known of it, or why nothing is."""

    path: str
    result: Result | None = None
    fault: str = ""


def lines_of(root: Path, most: int = MOST_RUNS) -> tuple[list[Line], int]:
    """What the list shows, and how many runs there are. Raises ProblemError when there are none."""
    paths = paths_of_runs(root)
    return [_line(root, path) for path in paths[:most]], len(paths)


def _line(root: Path, path: str) -> Line:
    try:
        return Line(path, result_at(root, path))
    except ProblemError as error:
        return Line(path, fault=error.problem.message)
    except FileNotFoundError:
        return Line(path, fault="It is gone: most likely it is being made anew.")


def list_page(root: Path) -> bytes:
    """The list of runs. Raises ProblemError when there are none any more."""
    lines, total = lines_of(root)
    return _printed("list.html", root, title="Preview", lines=lines, total=total)


def run_page(root: Path, path: str) -> bytes:
    """The page of a run. Raises FileNotFoundError and ProblemError as `result_at` does."""
    found = result_at(root, path)
    return _printed(
        "run.html",
        root,
        title=f"{found.source} {found.layer} {found.name}",
        result=found,
        record=found.record,
        fills=fills_of(found.record, found.layer),
        stages=stages_of(found.record),
        sample=found.sample(),
        log=found.log(),
        at=page_of(path),
        map_fault=map_fault(found),
        brought=libraries.paths(),
        map_style=asset("map.css"),
        map_script=asset("map.js"),
        most=MOST,
    )


def map_fault(found: Result) -> str:
    """Why there is no map, and how to get one; '' when there is one."""
    if lacking := libraries.missing():
        return f"What maps are drawn with is not installed here ({', '.join(lacking)}); {libraries.HOW_TO_GET}."
    if found.of_kind("pmtiles"):
        return ""
    if not found.files or found.record.rows is None or not found.record.outputs:
        return "There are no tiles, because this run made no rows."
    if found.record.bounds is None:
        return "There are no tiles, because no row has a place."
    return "There are no tiles in this folder. Process the source again without `--no-tiles` to get them."


def fault_page(root: Path, title: str, words: str) -> bytes:
    """A page that says why there is no other."""
    return _printed("fault.html", root, title=title, words=words)


def _printed(template: str, root: Path, *, title: str, **known: object) -> bytes:
    page = _ENVIRONMENT.get_template(f"preview/{template}")
    return page.render(title=shown(title, 120), root=str(root), **known).encode("utf-8", "replace")
