"""Which runs go into the build: those of addresses among what collections are made of."""

from collections.abc import Mapping, Sequence

from openaddr.db.collections import Candidate
from openaddr.deduping.inputs import Input
from openaddr.deduping.locality import locality
from openaddr.errors import ProblemError
from openaddr.outputs.licence import UNKNOWN, licence_words
from openaddr.source.model import LayerSource, License, Source
from openaddr.source.parse import parse_source
from openaddr.stages import Layer


def inputs_of(candidates: Sequence[Candidate], contents: Mapping[str, bytes]) -> dict[Input, int]:
    """The inputs with the runs whose files they have; `contents` has the texts of source files by sha."""
    return {_input(found, contents): found.files_of for found in candidates if found.layer == Layer.ADDRESSES}


def _input(found: Candidate, contents: Mapping[str, bytes]) -> Input:
    """What the source file says now, or what it said then where it cannot be read any more."""
    sources = [_parsed(found.source_id, contents.get(sha, b"")) for sha in (found.source_sha, found.good_sha)]
    coverage = next((source.coverage for source in sources if source), {})
    entries = (entry for source in sources if source for entry in source.entries if isinstance(entry, LayerSource))
    mine = (entry for entry in entries if (entry.layer, entry.name) == (found.layer, found.name))
    entry = next(mine, None)
    licence = entry.license if entry else License()
    words = licence_words(licence)
    return Input(
        found.source_id,
        found.name,
        found.run_id,
        locality(found.source_id, coverage),
        licence.share_alike is True,
        "" if words == UNKNOWN else words,
        licence.attribution_name or "",
    )


def _parsed(source_id: str, content: bytes) -> Source | None:
    try:
        return parse_source(source_id, content)
    except ProblemError:
        return None
