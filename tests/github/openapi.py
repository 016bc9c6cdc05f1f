"""GitHub's own description of its API, against which requests of ours and answers of the stand-in are held.

It comes with npm's `@octokit/openapi`, 13 MB of OpenAPI 3.0: read once per process, in a quarter of a second.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs
import msgspec

from demo.servers.serving import Request, Response

DESCRIPTION = Path(__file__).parents[2] / "node_modules/@octokit/openapi/generated/api.github.com.json"
JSON = "application/json"
NAME = re.compile(r"\{([^}]+)\}")
Schema = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked of GitHub."""

    method: str
    path: str
    parameters: tuple[Schema, ...]
    described: Schema

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The paths that ask for it; some parameters go over several segments."""
        wide = {parameter["name"] for parameter in self.parameters if parameter.get("x-multi-segment")}
        groups = ("(.+)" if name in wide else "([^/]+)" for name in NAME.findall(self.path))
        return re.compile("".join(re.escape(text) + next(groups, "") for text in NAME.split(self.path)[::2]))

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters that a path has, if it is one of this operation."""
        found = self.pattern.fullmatch(path)
        return dict(zip(NAME.findall(self.path), map(unquote, found.groups()), strict=True)) if found else None


@cache
def _document() -> Schema:
    document: Schema = msgspec.json.decode(DESCRIPTION.read_bytes())
    return document


def _resolved(item: Schema) -> Schema:
    """What a reference stands for."""
    while "$ref" in item:
        found: Schema = _document()
        for name in item["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        item = found
    return item


@cache
def _operations() -> dict[tuple[str, str], list[Operation]]:
    """All operations by method and beginning of their path, those with the most fixed text in it first."""
    found = defaultdict(list)
    for path, methods in _document()["paths"].items():
        for method, described in methods.items():
            parameters = tuple(_resolved(parameter) for parameter in described.get("parameters", ()))
            found[method.upper(), path.split("/")[1]].append(Operation(method.upper(), path, parameters, described))
    for operations in found.values():
        operations.sort(key=lambda operation: -len(NAME.sub("", operation.path)))
    return found


def operation_of(request: Request) -> tuple[Operation, Mapping[str, str]] | None:
    """The operation that a request asks for, with the parameters of its path."""
    path = urlsplit(request.target).path
    for operation in _operations().get((request.method, path.split("/")[1]), ()):
        if (found := operation.match(path)) is not None:
            return operation, found
    return None


def faults_of_request(request: Request) -> list[str]:
    """What GitHub would not understand of a request."""
    asked = f"{request.method} {request.target}"
    found = operation_of(request)
    if found is None:
        return [f"{asked}: GitHub has no such operation"]
    operation, path = found
    faults = [*_path_faults(operation, path), *_query_faults(operation, request), *_body_faults(operation, request)]
    return [f"{asked}: {fault}" for fault in faults]


def _path_faults(operation: Operation, path: Mapping[str, str]) -> Iterator[str]:
    for parameter in operation.parameters:
        if parameter["in"] == "path":
            yield from _value_faults(parameter, path[parameter["name"]])


def _query_faults(operation: Operation, request: Request) -> Iterator[str]:
    known = {parameter["name"]: parameter for parameter in operation.parameters if parameter["in"] == "query"}
    query = dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True))
    for name, text in query.items():
        if name in known:
            yield from _value_faults(known[name], text)
        else:
            yield f"there is no parameter {name!r}"
    for name, parameter in known.items():
        if parameter.get("required") and name not in query:
            yield f"the parameter {name!r} is missing"


def _value_faults(parameter: Schema, text: str) -> Iterator[str]:
    schema = _resolved(parameter["schema"])
    kind = schema.get("type")
    value: object = text
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        value = int(text)
    elif kind == "boolean" and text in ("true", "false"):
        value = text == "true"
    for error in _validator(Source(schema)).iter_errors(value):
        yield f"{parameter['name']}: {error.message}"


def _body_faults(operation: Operation, request: Request) -> Iterator[str]:
    content = operation.described.get("requestBody", {}).get("content", {})
    if not request.body:
        if operation.described.get("requestBody", {}).get("required"):
            yield "the body is missing"
        return
    if JSON not in content:
        yield "it takes no body"
        return
    if not request.headers.get("content-type", "").startswith(JSON):
        yield f"its body is said to be {request.headers.get('content-type')!r}"
    yield from _json_faults(content[JSON]["schema"], request.body, is_closed=True)


def faults_of_answer(request: Request, response: Response) -> list[str]:
    """How an answer differs from what GitHub says that it gives."""
    found = operation_of(request)
    if found is None:
        return []
    operation, _ = found
    described = operation.described["responses"].get(str(response.status))
    kind = response.headers.get("Content-Type", "")
    if described is None or not kind.startswith(JSON):
        return []
    content = _resolved(described).get("content", {})
    faults = _json_faults(content[JSON]["schema"], response.body) if JSON in content else ()
    return [f"answer {response.status} to {request.method} {request.target}: {fault}" for fault in faults]


def _json_faults(schema: Schema, body: bytes, *, is_closed: bool = False) -> Iterator[str]:
    try:
        value = msgspec.json.decode(body)
    except msgspec.DecodeError:
        yield "it is no JSON"
        return
    for error in _validator(Source(schema), is_closed).iter_errors(value):
        place = "/".join(map(str, error.instance_path)) or "the body"
        yield f"{place}: {error.message[:300]}"


class Source:
    """A schema as a key of a cache: the document holds it for ever, so that it is itself and no other."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source) and other.schema is self.schema

    def __hash__(self) -> int:
        return id(self.schema)


@cache
def _validator(source: Source, is_closed: bool = False) -> jsonschema_rs.Draft4Validator:
    """What tests a value; when closed, nothing may be there that is not described."""
    definitions: dict[str, Schema] = {}
    waiting = [source.schema]
    while waiting:
        for name in _references(waiting.pop()):
            if name not in definitions:
                definitions[name] = _document()["components"]["schemas"][name]
                waiting.append(definitions[name])
    schema = _plain(source.schema, is_closed)
    schemas = {name: _plain(found, is_closed) for name, found in definitions.items()}
    return jsonschema_rs.Draft4Validator({**schema, "components": {"schemas": schemas}})


def _references(item: object) -> Iterator[str]:
    """The names of the shared schemas that something uses."""
    if isinstance(item, list):
        for inner in item:
            yield from _references(inner)
    elif isinstance(item, dict):
        if isinstance(target := item.get("$ref"), str):
            yield target.rpartition("/")[2]
        for name, inner in item.items():
            if name not in ("example", "examples"):
                yield from _references(inner)


def _plain(schema: Schema, is_closed: bool) -> Schema:
    """A schema of OpenAPI 3.0 as one of JSON Schema."""
    plain: Schema = {}
    for name, inner in schema.items():
        if name == "properties":
            plain[name] = {key: _plain(value, is_closed) for key, value in inner.items()}
        elif name in ("items", "not", "additionalProperties") and isinstance(inner, dict):
            plain[name] = _plain(inner, is_closed)
        elif name in ("allOf", "anyOf", "oneOf"):
            plain[name] = [_plain(value, is_closed) for value in inner]
        elif name not in ("example", "examples", "nullable", "discriminator", "description", "title"):
            plain[name] = inner
    if is_closed and "properties" in plain:
        plain.setdefault("additionalProperties", False)
    return {"anyOf": [{"type": "null"}, plain]} if schema.get("nullable") else plain
