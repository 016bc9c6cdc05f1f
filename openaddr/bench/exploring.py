"""What `openaddr explore` answers people."""

import re
from collections.abc import Iterator
from dataclasses import replace

from openaddr.bench.records import (
    Directory,
    Examined,
    Fetched,
    FieldFound,
    Found,
    LayerListed,
    ServiceListed,
    Suggested,
)
from openaddr.bench.sheet import Block, Json, Line, Table
from openaddr.source.model import LayerSource
from openaddr.stages import Bounds
from openaddr.terminal import counted

KINDS = {
    "addresses": re.compile(
        r"address|adress|adresse|direcci|indirizz|civici|situs|e911|site ?pt|住居|주소|адрес", re.I
    ),
    "parcels": re.compile(r"parcel|cadast|kadast|catast|tax ?lot|flurst|matrikel|teig", re.I),
    "buildings": re.compile(r"building|footprint|bldg|gebäude|gebaeude|bygning|edific|bâtiment", re.I),
    "centerlines": re.compile(r"center ?line|centre ?line|road|street|rue\b|strass|veg\b|calle", re.I),
}
EXAMPLE_SHOWN = 24
DOT = " · "


def directory_blocks(directory: Directory) -> list[Block]:
    """A server, a folder or a service: its services with their layers."""
    layers = sum(len(service.layers) + service.more for service in directory.services)
    told = f"{counted(len(directory.services), 'service')}, {counted(layers, 'layer')}"
    blocks: list[Block] = [Line(f"{directory.address}{DOT}{told}", "bold")]
    for service in directory.services:
        blocks += _service_blocks(service)
    if directory.unseen:
        told = f"{directory.unseen:,} folders and services were not looked into; name one of them to see what it has."
        blocks += [Line(), Line(told, "yellow")]
    likely = [layer for service in directory.services for layer in service.layers if may_be(layer)]
    if likely:
        blocks += [Line(), Line("To look into a layer:"), Line(f"  openaddr explore {likely[0].address}", "cyan")]
    return blocks


def _service_blocks(service: ServiceListed) -> Iterator[Block]:
    yield Line()
    yield Line(f"{service.path}  {service.kind}{service.problem and DOT + service.problem}", "bold")
    if service.layers:
        yield Table(("", "", "", ""), [_layer_row(layer) for layer in service.layers])
    if service.more:
        yield Line(f"  and {service.more:,} more layers")


def _layer_row(layer: LayerListed) -> tuple[str, str, str, str]:
    kind = may_be(layer)
    return f"  {layer.number}", layer.name, layer.geometry or layer.kind, f"{kind}?" if kind else ""


def may_be(layer: LayerListed) -> str:
    """Which of our layers the name of a layer suggests, '' when none."""
    if layer.kind == "Group Layer":
        return ""
    return next((kind for kind, words in KINDS.items() if words.search(layer.name)), "")


def table_blocks(entry: LayerSource, fetched: Fetched, examined: Examined) -> list[Block]:
    """Every table that was found, with its fields and what is suggested."""
    blocks: list[Block] = [Line(entry.data, "bold"), Line(f"  {came(fetched)}")]
    for warning in fetched.warnings:
        blocks.append(Line(f"  warning {warning.code}: {warning.message}", "yellow"))
    if fetched.layer is not None:
        blocks += [Line(f"  {name}: {text}") for name, text in _told(fetched) if text]
    alone = len(examined.found) == 1 and len(examined.found[0].suggestions) < 2
    for table in examined.found:
        shown = replace(table, format="ESRI") if fetched.layer else table
        blocks += [Line(), *_table(shown, alone)]
    if examined.others:
        blocks += [Line(), Line(f"Other files: {', '.join(examined.others)}")]
    return [*blocks, Line()]


def came(fetched: Fetched) -> str:
    """How much was fetched."""
    if fetched.layer is not None:
        return f"the first page of {fetched.size:,} bytes was read"
    if not fetched.is_cut:
        return f"all {fetched.size:,} bytes were read"
    return f"the first {fetched.size:,}{f' of {fetched.total:,}' if fetched.total else ''} bytes were read"


def _told(fetched: Fetched) -> Iterator[tuple[str, str]]:
    """What an ESRI layer says of itself."""
    if fetched.layer is not None:
        yield "description", fetched.layer.description
        yield "copyright", fetched.layer.copyright


def _table(table: Found, alone: bool) -> Iterator[Block]:
    name = DOT.join(part for part in (table.file, table.layer) if part)
    if table.problem is not None:
        yield Line(f"{name}{DOT}{table.format}", "bold")
        yield Line(f"  {table.problem.code}: {table.problem.message}", "red")
        return
    yield Line(f"{name}{DOT}{DOT.join(_facts(table))}", "bold")
    yield Line(f"  bounds {_corners(table.bounds)}" if table.bounds else "  where its rows are cannot be told")
    yield Line()
    rows = [_field(field, table.looked_at) for field in table.fields]
    yield Table(("field", "type", "filled", "distinct", "examples"), rows)
    for suggested in table.suggestions:
        yield from suggestion_blocks(suggested)
        if not alone:
            yield Json(suggested.conform)


def _facts(table: Found) -> Iterator[str]:
    yield table.format
    if table.rows is not None:
        yield f"{'about ' if table.is_estimate else ''}{counted(table.rows, 'row')}"
    yield table.geometry or ("coordinates in columns" if table.bounds else "no geometry")
    yield table.crs or "unknown coordinate system"
    if table.encoding:
        yield table.encoding
    if table.delimiter and table.delimiter != ",":
        yield f"delimiter {table.delimiter!r}"


def _field(field: FieldFound, looked_at: int) -> tuple[str, str, str, str, str]:
    name = f"{field.name} ({field.alias})" if field.alias else field.name
    share = f"{round(100 * field.filled / looked_at)} %" if looked_at else ""
    return name, field.type, share, f"{field.distinct:,}", DOT.join(map(_cut, field.examples))


def suggestion_blocks(suggested: Suggested) -> Iterator[Block]:
    """The attributes of a layer, and the columns that they would be made from."""
    yield Line()
    yield Line(f"It looks like {suggested.layer}:", "bold green")
    rows = [
        (f"  {choice.attribute}", "←", " + ".join(choice.columns), DOT.join(map(_cut, choice.examples)) or "(empty)")
        for choice in suggested.choices
    ]
    if rows:
        yield Table(("", "", "", ""), rows)
    for note in suggested.notes:
        yield Line(f"  {note}", "yellow")


def _cut(example: str) -> str:
    return example if len(example) <= EXAMPLE_SHOWN else example[: EXAMPLE_SHOWN - 1] + "…"


def _corners(bounds: Bounds | None) -> str:
    return " ".join(f"{side:.4f}" for side in bounds) if bounds else ""
