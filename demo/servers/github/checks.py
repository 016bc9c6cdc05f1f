"""Check runs, which only an app may write."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field, structs

from demo.servers.github.answers import NO_APP, NOT_FOUND, Page, given, refused
from demo.servers.github.asking import Asked
from demo.servers.github.pull_requests import shapes
from demo.servers.github.records import Action, Annotation, CheckRun, Conclusion
from demo.servers.github.shapes import when
from demo.servers.github.statuses import unknown
from demo.servers.serving import Response

MOST_ANNOTATIONS = 50
"""Of one request."""
Short = Annotated[str, Meta(max_length=65_535)]
Line = Annotated[int, Meta(ge=1)]


class AnnotationAsked(Struct, frozen=True):
    """A remark on lines of a file."""

    path: str
    start_line: Line
    end_line: Line
    annotation_level: Literal["notice", "warning", "failure"]
    message: Annotated[str, Meta(max_length=65_536)]
    title: Annotated[str, Meta(max_length=255)] | None = None
    raw_details: Annotated[str, Meta(max_length=65_536)] | None = None
    start_column: int | None = None
    end_column: int | None = None


class OutputAsked(Struct, frozen=True):
    """What a check run is to say."""

    summary: Short
    title: str | None = None
    text: Short | None = None
    annotations: Annotated[tuple[AnnotationAsked, ...], Meta(max_length=MOST_ANNOTATIONS)] = ()


class ActionAsked(Struct, frozen=True):
    """A button of a check run."""

    label: Annotated[str, Meta(max_length=20)]
    description: Annotated[str, Meta(max_length=40)]
    identifier: Annotated[str, Meta(max_length=20)]


class CheckAsked(Struct, frozen=True):
    """What a check run is to be; of one that is there, whatever is not said stays."""

    name: str | UnsetType = UNSET
    head_sha: str | UnsetType = UNSET
    status: Literal["queued", "in_progress", "completed"] | UnsetType = UNSET
    conclusion: Conclusion | UnsetType = UNSET
    started_at: str | UnsetType = UNSET
    completed_at: str | UnsetType = UNSET
    details_url: str | UnsetType = UNSET
    external_id: str | UnsetType = UNSET
    output: OutputAsked | UnsetType = UNSET
    actions: Annotated[tuple[ActionAsked, ...], Meta(max_length=3)] | UnsetType = field(default=UNSET)


PLAIN = ("name", "status", "conclusion", "started_at", "completed_at", "details_url", "external_id")


def create_check(asked: Asked) -> Response:
    """A new check run."""
    if asked.caller.kind != "installation":
        return refused(403, NO_APP)
    wanted = asked.body(CheckAsked)
    if wanted.name is UNSET or wanted.head_sha is UNSET:
        missing = "name" if wanted.name is UNSET else "head_sha"
        return refused(422, f'Invalid request.\n\n"{missing}" wasn\'t supplied.')
    if wanted.head_sha not in asked.hosted.commits:
        return unknown(wanted.head_sha)
    if wrong := _wrong(wanted, title_is_needed=True):
        return wrong
    ident, at = asked.hosted.tick()
    check = _changed(
        CheckRun(ident, wanted.head_sha, wanted.name, "queued", None, when(at) or ""), wanted, at_end=when(at)
    )
    asked.hosted.checks.append(check)
    asked.hosted.written.append(check)
    return given(shapes(asked).check(check), 201)


def update_check(asked: Asked) -> Response:
    """A check run changes; annotations add up."""
    if asked.caller.kind != "installation":
        return refused(403, NO_APP)
    ident, wanted = int(asked.parts["id"]), asked.body(CheckAsked)
    for place, found in enumerate(asked.hosted.checks):
        if found.id == ident:
            if wrong := _wrong(wanted, title_is_needed=False):
                return wrong
            check = _changed(found, wanted, when(asked.hosted.tick()[1]))
            asked.hosted.checks[place] = check
            asked.hosted.written.append(check)
            return given(shapes(asked).check(check))
    return NOT_FOUND


def _wrong(wanted: CheckAsked, *, title_is_needed: bool) -> Response | None:
    if wanted.status == "completed" and wanted.conclusion is UNSET:
        return refused(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.')
    if wanted.output is UNSET:
        return None
    if title_is_needed and wanted.output.title is None:
        return refused(422, 'Invalid request.\n\n"title" wasn\'t supplied.')
    for remark in wanted.output.annotations:
        has_columns = remark.start_column is not None or remark.end_column is not None
        if remark.end_line < remark.start_line or (has_columns and remark.end_line != remark.start_line):
            return refused(422, "Invalid request.\n\nInvalid annotation range.")
    return None


def _changed(check: CheckRun, wanted: CheckAsked, at_end: str | None) -> CheckRun:
    """A check run with all that is said of it."""
    said: dict[str, Any] = {name: value for name in PLAIN if (value := getattr(wanted, name)) is not UNSET}
    if "conclusion" in said:
        said = {"completed_at": at_end, **said, "status": "completed"}
    if wanted.output is not UNSET:
        output = wanted.output
        remarks = tuple(_annotation(remark) for remark in output.annotations)
        said |= {"summary": output.summary, "annotations": check.annotations + remarks}
        said |= {name: value for name in ("title", "text") if (value := getattr(output, name)) is not None}
    if wanted.actions is not UNSET:
        said["actions"] = tuple(Action(**structs.asdict(action)) for action in wanted.actions)
    return replace(check, **said)


def _annotation(asked: AnnotationAsked) -> Annotation:
    fields = structs.asdict(asked)
    return Annotation(level=fields.pop("annotation_level"), **fields)


def check(asked: Asked) -> Response:
    """A check run by its id."""
    found = _by_id(asked)
    return given(shapes(asked).check(found)) if found else NOT_FOUND


def checks(asked: Asked) -> Response:
    """The check runs of a commit: the newest of each name unless all are asked for."""
    commit = asked.hosted.find(asked.parts["ref"])
    if commit is None:
        return unknown(asked.parts["ref"])
    parameters = asked.request.parameters
    found = [check for check in reversed(asked.hosted.checks) if check.sha == commit.sha]
    if parameters.get("filter", "latest") == "latest":
        found = list({check.name: check for check in reversed(found)}.values())[::-1]
    for parameter in ("check_name", "status"):
        attribute = parameter.removeprefix("check_")
        found = [
            check
            for check in found
            if getattr(check, attribute) == parameters.get(parameter, getattr(check, attribute))
        ]
    page = Page(asked.request)
    shape = {"total_count": len(found), "check_runs": [shapes(asked).check(check) for check in page.of(found)]}
    return given(shape, headers=page.links(asked.hosted.api, len(found)))


def annotations(asked: Asked) -> Response:
    """The annotations of a check run."""
    found = _by_id(asked)
    if found is None:
        return NOT_FOUND
    return asked.page(found.annotations, lambda remark: shapes(asked).annotation(found.sha, remark))


def _by_id(asked: Asked) -> CheckRun | None:
    ident = int(asked.parts["id"])
    return next((found for found in asked.hosted.checks if found.id == ident), None)


CHECKS: dict[str, tuple[str, str, Callable[[Asked], Response]]] = {
    "create_check": ("POST", r"/check-runs", create_check),
    "update_check": ("PATCH", r"/check-runs/(?P<id>\d+)", update_check),
    "check": ("GET", r"/check-runs/(?P<id>\d+)", check),
    "annotations": ("GET", r"/check-runs/(?P<id>\d+)/annotations", annotations),
    "checks": ("GET", r"/commits/(?P<ref>.+)/check-runs", checks),
}
