"""Processes the bundled sources with the real command, against servers on this machine: `python -m demo.run`.

Exits with 0 when every run ended as it should: one source shows four mistakes, which have to be found.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.publishing import TownServer, esri_layers, publish_files, publish_ftp
from demo.servers.esri import EsriServer
from demo.servers.ftp import FtpServer

SOURCES = Path(__file__).parent / "sources"
FTP_USER = ("reader", "open sesame")
MISTAKES = {
    "misspelt-column": "FIELD_NOT_FOUND",
    "behind-a-login": "HTML_INSTEAD_OF_DATA",
    "no-such-file": "FILE_NOT_IN_ARCHIVE",
    "failing-test": "TEST_FAILED",
}
LINE = "{:<30} {:<12} {:<16} {:<10} {:>5} {:>8} {:>8}"


@dataclass(frozen=True)
class Result:
    """One line of `openaddr process --json`, as far as the table shows it."""

    source: str
    layer: str
    name: str
    status: str
    rows: int
    rejected: int
    seconds: float
    code: str
    message: str
    hint: str

    @classmethod
    def from_json(cls, line: str) -> "Result":
        """Parse a line of the command's output."""
        found = json.loads(line)
        problem = found["problem"] or {"code": "", "message": "", "hint": ""}
        return cls(
            found["source"],
            found["layer"],
            found["name"],
            found["status"],
            found["rows"] or 0,
            found["rejected"]["count"],
            sum(found["seconds"].values()),
            problem["code"],
            problem["message"],
            problem["hint"],
        )

    @property
    def as_expected(self) -> bool:
        """Whether the run ended the way this demo wants to show."""
        if self.source.endswith("/mistakes"):
            return self.code == MISTAKES[self.name]
        return self.status == "skipped" if self.source.endswith("/skipped") else self.status == "succeeded"

    def __str__(self) -> str:
        line = LINE.format(
            self.source, self.layer, self.name, self.status, self.rows, self.rejected, f"{self.seconds:.2f}"
        )
        return f"{line}\n    {self.code}: {self.message}\n    → {self.hint}" if self.code else line


def demo(output: Path, *options: str) -> Iterator[Result]:
    """Publish the town, process every bundled source into `output`, and give each result as it comes."""
    with tempfile.TemporaryDirectory(prefix="windmere-") as name, published(Path(name)) as sources:
        yield from _process(sources, output, options)


@contextmanager
def published(folder: Path) -> Iterator[list[Path]]:
    """Publish the town by servers on this machine, and give the source files that read it, in `folder/sources`."""
    with ExitStack() as servers:
        publish_files(folder / "web")
        publish_ftp(folder / "ftp")
        web = servers.enter_context(TownServer(folder / "web"))
        ftp = servers.enter_context(FtpServer(folder / "ftp", FTP_USER))
        esri = servers.enter_context(EsriServer(esri_layers()))
        hosts = {
            "http://demo.invalid": web.url,
            "http://esri.demo.invalid": esri.url,
            "demo.invalid/open%20data": f"127.0.0.1:{ftp.port}/open%20data",
        }
        yield list(_placed(folder / "sources", hosts))


def _placed(folder: Path, hosts: dict[str, str]) -> Iterator[Path]:
    """The bundled sources with the addresses of the servers in place of the invented ones."""
    for path in sorted(SOURCES.rglob("*.json"), key=lambda found: found.with_suffix("")):
        text = path.read_text(encoding="utf-8")
        for invented, real in hosts.items():
            text = text.replace(invented, real)
        target = folder / path.relative_to(SOURCES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        yield target


def _process(sources: list[Path], output: Path, options: tuple[str, ...]) -> Iterator[Result]:
    arguments = [*map(str, sources), "--output", str(output), "--json", "--quiet", *options]
    command = [sys.executable, "-m", "openaddr", "process", *arguments]
    # The guard refuses addresses of this machine unless an operator names them, which here is us.
    environment = {**os.environ, "OPENADDR_ALLOW_HOSTS": "127.0.0.1,localhost"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment) as process:
        for line in process.stdout or ():
            yield Result.from_json(line)


def main() -> int:
    """Run the demo and print its table."""
    parser = argparse.ArgumentParser(prog="python -m demo.run", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("output/demo"), help="where the results go")
    output: Path = parser.parse_args().output
    started = time.monotonic()
    results = []
    print(LINE.format("source", "layer", "name", "status", "rows", "rejected", "seconds"))
    for result in demo(output):
        print(result, flush=True)
        results.append(result)
    wrong = [result for result in results if not result.as_expected]
    print(f"\n{len(results)} runs in {time.monotonic() - started:.1f} s; the mistakes are there on purpose.")
    print(f"Results: {output.resolve()}")
    print(f"Look at: {output.resolve() / 'xx/windmere/csv/addresses/city/preview.png'}")
    for result in wrong:
        print(f"NOT AS EXPECTED: {result.source} {result.layer} {result.name}", file=sys.stderr)
    return 1 if wrong or not results else 0


if __name__ == "__main__":
    sys.exit(main())
