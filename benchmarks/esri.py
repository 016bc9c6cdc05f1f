"""`python -m benchmarks.esri`: what it brings to fetch the pages of an ESRI layer several at once."""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from demo.servers.esri import EsriServer, address_layer
from openaddr.download import download
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import Layer

PAGE = 10
GOAL = 3.5


@dataclass(frozen=True)
class Measured:
    """How long a download took, its rows, and how many requests were open at once at most."""

    seconds: float
    rows: int
    most_open: int


def measure(pages: int, seconds: float, connections: int) -> Measured:
    """Download a layer of so many pages from a server that takes so long for each answer."""
    layer = address_layer(pages * PAGE, max_record_count=PAGE)
    settings = Settings(allow_hosts=("127.0.0.1",), esri_connections=connections)
    received = 0

    def count(stage: str, done: int, total: int | None, unit: str) -> None:
        nonlocal received
        received = done

    with tempfile.TemporaryDirectory() as folder, EsriServer({0: layer}, seconds=seconds) as server:
        entry = LayerSource(Layer.ADDRESSES, "bench", "/layers/addresses/0", "ESRI", server.layer_url(), None)
        started = time.perf_counter()
        download(entry, Path(folder), settings, count)
        return Measured(time.perf_counter() - started, received, server.most_open)


def main() -> None:
    """Print both times, their ratio and what the server saw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.esri", description=__doc__)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds that each answer takes")
    options = parser.parse_args()
    one, four = (measure(options.pages, options.latency, connections) for connections in (1, 4))
    ratio = one.seconds / four.seconds
    print(f"{options.pages} pages at {options.latency * 1000:g} ms, count and metadata included\n")
    for name, found in (("one after the other", one), ("four at once", four)):
        print(f"  {name:<20} {found.seconds:6.2f} s, at most {found.most_open} requests open, {found.rows:,} rows")
    print(f"  {'ratio':<20} {ratio:6.2f}     ≥ {GOAL:g} {'met' if ratio >= GOAL else 'NOT met'}")


if __name__ == "__main__":
    main()
