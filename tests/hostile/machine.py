"""A small machine for a proof: its folders, its web server, its canaries, and what changed in it afterwards."""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from demo.servers.serving import HttpServer, Request, Response
from openaddr.errors import EXPLANATIONS, Code
from openaddr.names import plain_name
from tests.hostile.canaries import READS, TOKEN, WRITES, CanaryServer, Watch
from tests.hostile.case import Case, Content, Maker, World
from tests.hostile.command import Result, run_cases

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
BYTES = 1_000_000_000
SECRETS = (".netrc", ".pgpass", ".aws-credentials")


class _Web(HttpServer):
    """Serves the files of cases, each made when it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, Content | Maker] = {}

    def answer(self, request: Request) -> Response:
        content = self.files.get(request.path)
        if callable(content):
            content = content()
        if content is None:
            return Response(b"There is no such file.\n", status=404)
        return content if isinstance(content, Response) else Response(content)


class Machine:
    """Folders below one scratch folder; `check` runs cases on it."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.output, self.sources = scratch / "out", scratch / "sources"
        self.cwd, self.home, self.tmp = scratch / "cwd", scratch / "home", scratch / "tmp"
        self._canaries, self._allowed = scratch / "canaries", scratch / "allowed"
        self._web, self._canary_server = _Web(), CanaryServer()
        self._known: set[tuple[str, str]] = set()
        self._closing = ExitStack()

    @property
    def world(self) -> World:
        """What generators may point at."""
        # The guard goes by the name: `localhost` is allowed, the same machine as 127.0.0.1 is not.
        web = f"http://localhost:{self._web.port}"
        return World(web, self._canary_server.url, self._canaries / "secret.csv", self._allowed)

    def __enter__(self) -> Self:
        for folder in (self.output, self.sources, self.cwd, self.home, self.tmp, self._canaries, self._allowed):
            folder.mkdir(parents=True)
        secret = f"no,street,x,y\n1,{TOKEN},1,1\n"
        for name in ("secret.csv", "secret.prj", "secret.xml"):
            (self._canaries / name).write_text(secret)
        for name in SECRETS:
            (self.home / name).write_text(secret)
        (self._allowed / "link.csv").symlink_to(self._canaries / "secret.csv")
        (self._allowed / "town.csv").write_text("no,street,x,y\n5,Main St,10.5,50.25\n")
        os.mkfifo(self._allowed / "pipe.csv")
        self._closing.enter_context(self._web)
        self._closing.enter_context(self._canary_server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def check(self, cases: Sequence[Case]) -> tuple[list[Result], "Touched"]:
        """Run the cases with the real command and tell what it touched that it should not."""
        paths = {case.name: self._placed(case) for case in cases}
        before = self._listing()
        reads = Watch([self._canaries, self.home], READS)
        writes = Watch([self._canaries, self.home, self.cwd, self.tmp, self.sources, self._allowed], WRITES)
        asked = len(self._canary_server.requests)
        results = run_cases(cases, paths, self.output, self._environment(), self.cwd)
        touched = Touched(reads.seen(), self._canary_server.requests[asked:], writes.seen())
        for watch in (reads, writes):
            watch.close()
        touched.writes += [f"{path} has changed" for path in sorted(before ^ self._listing())]
        touched.writes += strays(self.output, self._known)
        touched.reads += quoting(self.output)
        return results, touched

    def _placed(self, case: Case) -> Path:
        self._known.add((plain_name(case.family), plain_name(case.slug)))
        path = self.sources / case.family / f"{case.slug}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(case.source_bytes(self.world.web))
        for name, content in case.files.items():
            self._web.files[f"/{case.family}/{case.slug}/{name}"] = content
        return path

    def _environment(self) -> dict[str, str]:
        """Nothing of the person's own environment but where programs are."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.home),
            "TMPDIR": str(self.tmp),
            "OPENADDR_ALLOW_HOSTS": "localhost",
            "OPENADDR_ALLOW_FILES": str(self._allowed),
            "OPENADDR_CONNECT_SECONDS": "2",
            "OPENADDR_READ_SECONDS": "4",
            "OPENADDR_RETRY_SECONDS": "0.01",
        }

    def _listing(self) -> set[tuple[str, int, int]]:
        """Everything outside of the output folder, with size and time of change; canaries are left to the watch."""
        found = set()
        for folder, folders, names in os.walk(self.scratch):
            if Path(folder) == self.scratch:
                folders[:] = [name for name in folders if name not in ("out", "canaries")]
            for name in (*folders, *names):
                status = os.lstat(os.path.join(folder, name))
                found.add((os.path.join(folder, name), status.st_size, status.st_mtime_ns))
        return {entry for entry in found if not Path(entry[0]).name.startswith("stderr-")}


class Touched:
    """What a command did outside of the folders of its runs, as lines for people."""

    def __init__(self, reads: list[str], requests: list[str], writes: list[str]) -> None:
        self.reads, self.requests, self.writes = reads, requests, writes

    def breaches(self) -> list[str]:
        """All of it."""
        lines = [f"the canary server was asked: {line}" for line in self.requests]
        lines += [f"a canary was read: {path}" for path in sorted(set(self.reads))]
        return lines + [f"written outside of a run: {path}" for path in sorted(set(self.writes))]


def strays(output: Path, known: set[tuple[str, str]]) -> Iterator[str]:
    """Files in the output folder that belong to no run."""
    for folder, folders, names in os.walk(output):
        parts = Path(folder).relative_to(output).parts
        if len(parts) == 2 and parts not in known:
            yield f"{folder} is of no case"
        folders[:] = [name for name in folders if not _is_kept_download(Path(folder), name)]
        hidden = [name for name in (*folders, *names) if name.startswith(".")]
        yield from (f"{folder}/{name} was left behind" for name in hidden)
        if names and "run.json" not in names:
            yield f"{folder} has files and no run.json"


def _is_kept_download(folder: Path, name: str) -> bool:
    """What came before a cut stays for the next run, where that may get further."""
    prefix, _, rest = name.partition("-")
    record = folder / rest.partition("-")[2] / "run.json"
    if prefix != ".partial" or not record.exists():
        return False
    problem = json.loads(record.read_text(encoding="utf-8"))["problem"]
    return bool(problem) and EXPLANATIONS[Code(problem["code"])].retry


def quoting(output: Path) -> Iterator[str]:
    """Files in the output folder that hold what stands in the canaries."""
    for folder, _, names in os.walk(output):
        for name in names:
            path = Path(folder, name)
            if TOKEN.encode() in _content(path):
                yield f"{path} quotes it"


def _content(path: Path) -> bytes:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(raw)
    if path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())
    return raw
