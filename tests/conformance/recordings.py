"""Recorded downloads, served on this machine, and the sources that read them."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openaddr.process import Request, process_source
from openaddr.run import Run
from openaddr.settings import Settings
from openaddr.stages import Options


@dataclass(frozen=True)
class Recordings:
    """Source files that read from the server, and the folder of what it serves."""

    sources: Path
    data: Path


@contextmanager
def served(shared: Path, sources: Path) -> Iterator[Recordings]:
    """Serve them; source files with its addresses are in the folder `sources` then."""
    command = [sys.executable, str(shared / "tools" / "serve_recorded.py"), "--copy-sources", str(sources)]
    command += ["--port", str(_free_port()), "--ftp-port", str(_free_port())]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        while "serving" not in (line := server.stderr.readline()):
            assert line, "the server of the recordings ended"
        yield Recordings(sources, shared / "recorded" / "data")
        server.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def processed_all(recordings: Recordings, source: str, output: Path) -> list[Run]:
    """The runs of all layer sources of a source file."""
    settings = Settings(
        allow_hosts=("127.0.0.1", "localhost"),
        allow_files=(str(recordings.data),),
        # Of each ESRI layer only the first page was recorded.
        esri_missing_share=1.0,
    )
    options = Options(tiles=False, preview=False)
    path = recordings.sources / f"{source}.json"
    return list(process_source(Request(path, output, options=options, settings=settings)))
