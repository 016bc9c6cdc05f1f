"""What collections are made of: the last good run of each layer source, with the licence that its source file names."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from openaddr.db.collections import Candidate
from openaddr.errors import ProblemError
from openaddr.names import digits_of, plain_name
from openaddr.source.model import LayerSource, License
from openaddr.source.parse import parse_source
from openaddr.storage.keys import run_prefix


@dataclass(frozen=True)
class Member:
    """One layer source. `path` is its name inside of archives, without ending; `run` is where its files are."""

    source_id: str
    layer: str
    name: str
    path: str
    run: int
    rows: int
    finished_at: datetime
    origin: str
    licence: License
    website: str

    @property
    def is_share_alike(self) -> bool:
        """Whether what is made of it has to be under the same licence."""
        return self.licence.share_alike is True

    def key(self, file: str) -> str:
        """Where a file of its run is stored."""
        return f"{run_prefix(self.run)}{file}"


def members_of(candidates: Sequence[Candidate], contents: Mapping[str, bytes]) -> list[Member]:
    """The members that candidates are, by their paths; `contents` has the texts of source files by sha."""
    counts = Counter((found.source_id, found.layer) for found in candidates)
    paths = _paths((found, counts[found.source_id, found.layer] == 1) for found in candidates)
    entries = _Entries(contents)
    members = []
    for found, path in zip(candidates, paths, strict=True):
        entry = entries.of(found)
        licence, website = (entry.license, entry.website or "") if entry else (License(), "")
        members.append(
            Member(found.source_id, found.layer, found.name, path, found.files_of, found.rows, found.finished_at,
                   _origin(found), licence, website)
        )  # fmt: skip
    return sorted(members, key=lambda member: (member.layer, member.path))


def _origin(found: Candidate) -> str:
    """Where the source files are that the set was made of, '' where nobody else can look."""
    if not found.repository or not found.commit_sha:
        return ""
    return f"https://github.com/{found.repository}/tree/{found.commit_sha}/sources"


def _paths(candidates: Iterable[tuple[Candidate, bool]]) -> list[str]:
    """The path of each, unique within its layer: that of its source file, with its name where the file has several."""
    taken: set[tuple[str, str]] = set()
    paths = []
    for found, is_alone in candidates:
        path = "/".join(map(plain_name, found.source_id.split("/")))
        if not is_alone:
            path = f"{path}-{plain_name(found.name)}"
        if (found.layer, path) in taken:
            path = f"{path}-{digits_of(f'{found.source_id} {found.name}')}"
        taken.add((found.layer, path))
        paths.append(path)
    return paths


class _Entries:
    """Entries of source files, each of which is parsed once."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents
        self._parsed: dict[tuple[str, str], dict[tuple[str, str], LayerSource]] = {}

    def of(self, found: Candidate) -> LayerSource | None:
        """What the source file says of a layer source now; what it said then where it cannot be read any more."""
        for sha in (found.source_sha, found.good_sha):
            if (found.source_id, sha) not in self._parsed:
                self._parsed[found.source_id, sha] = _entries(found.source_id, self._contents.get(sha, b""))
            if entry := self._parsed[found.source_id, sha].get((found.layer, found.name)):
                return entry
        return None


def _entries(source_id: str, content: bytes) -> dict[tuple[str, str], LayerSource]:
    try:
        source = parse_source(source_id, content)
    except ProblemError:
        return {}
    usable = (entry for entry in source.entries if isinstance(entry, LayerSource))
    return {(entry.layer.value, entry.name): entry for entry in usable}
