"""The schema explains every key, its examples follow it, and it agrees with the program."""

from collections.abc import Iterator
from typing import Any, get_args

import jsonschema_rs
import pytest

from openaddr.lint.rules.shape import schema
from openaddr.source.entries import COMPRESSIONS, FORMATS, parse_entries
from openaddr.source.model import LayerSource
from openaddr.source.rules import FUNCTIONS, SimpleFunction
from openaddr.stages import ATTRIBUTES, Layer
from tests.lint.sources import COVERAGE


def keys(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that the schema describes, by its path in the schema, with what it says of it."""
    if isinstance(part, list):
        for index, item in enumerate(part):
            yield from keys(item, f"{path}/{index}")
    if not isinstance(part, dict):
        return
    for name, described in part.get("properties", {}).items() if isinstance(part.get("properties"), dict) else ():
        if path.rpartition("/")[2] != "if":
            yield f"{path}/{name}", resolved(described)
    for name, inner in part.items():
        if name not in ("examples", "enum", "const"):
            yield from keys(inner, f"{path}/{name}")


def resolved(described: dict[str, Any]) -> dict[str, Any]:
    name = described.get("$ref", "").rpartition("/")[2]
    return {**(schema()["$defs"][name] if name else {}), **described}


KEYS = {path: described for path, described in keys(schema()) if set(described) - {"$ref"} and "then" not in path}


def test_the_schema_is_a_schema_in_one_file() -> None:
    jsonschema_rs.meta.validate(schema())
    text = jsonschema_rs.Draft202012Validator(schema())
    assert text is not None
    references = [value for value in strings(schema(), "$ref")]
    assert references and all(reference.startswith("#/$defs/") for reference in references)


def strings(part: Any, key: str) -> Iterator[str]:
    for name, inner in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        if name == key and isinstance(inner, str):
            yield inner
        yield from strings(inner, key)


def test_every_key_has_a_title_a_description_and_examples() -> None:
    assert len(KEYS) > 100
    layers = {path for path in KEYS if path.endswith("/conform") and "layers" in path}
    lacking = [
        path
        for path, described in KEYS.items()
        if path not in layers and not all(described.get(word) for word in ("title", "description", "examples"))
    ]
    assert lacking == []


@pytest.mark.parametrize("path", KEYS)
def test_the_examples_of_a_key_follow_the_schema(path: str) -> None:
    described = KEYS[path]
    validator = jsonschema_rs.Draft202012Validator({**described, "$defs": schema()["$defs"]})
    assert [error.message for example in described["examples"] for error in validator.iter_errors(example)] == []


@pytest.mark.parametrize("layer", Layer)
def test_a_conform_may_have_all_attributes_of_its_layer(layer: Layer) -> None:
    known = schema()["$defs"][f"conform_{layer}"]["properties"]
    assert set(ATTRIBUTES[layer]) <= set(known)
    assert not set(known) & {name for other in Layer for name in ATTRIBUTES[other]} - set(ATTRIBUTES[layer]) - {"id"}


def test_layers_formats_and_compressions_are_those_of_the_program() -> None:
    definitions = schema()["$defs"]
    assert set(schema()["properties"]["layers"]["properties"]) == set(Layer)
    assert definitions["format"]["enum"] == list(FORMATS)
    assert definitions["entry"]["properties"]["compression"]["enum"] == list(COMPRESSIONS)


def test_functions_and_their_members_are_those_of_the_program() -> None:
    definitions = schema()["$defs"]
    assert set(definitions["function"]["properties"]["function"]["enum"]) == set(FUNCTIONS)
    for kind in get_args(SimpleFunction):
        config = kind.__struct_config__
        described = definitions[f"function_{config.tag}"]
        optional = len(kind.__struct_defaults__)
        members = kind.__struct_encode_fields__
        assert set(described["properties"]) == {"function", *members}, config.tag
        assert set(described["required"]) == {"function", *members[: len(members) - optional]}, config.tag


def test_the_example_of_an_entry_is_one_that_a_run_takes() -> None:
    (example,) = schema()["$defs"]["entry"]["examples"]
    layers = {layer: [example] for layer in ("buildings", "centerlines")}
    entries = list(parse_entries({"schema": 2, "coverage": COVERAGE, "layers": layers}))
    assert len(entries) == 2 and all(isinstance(entry, LayerSource) for entry in entries)
