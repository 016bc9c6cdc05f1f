"""The command `openaddr explore`."""

from dataclasses import asdict, dataclass, replace
from functools import partial

from openaddr.bench.answering import answered, print_json, say_problem
from openaddr.bench.exploring import directory_blocks, table_blocks
from openaddr.bench.place import Place, country_of, guess
from openaddr.bench.records import Examined, Fetched, Found, Wish
from openaddr.bench.session import session
from openaddr.bench.sheet import Block, Json, Line, show
from openaddr.bench.target import entry_of
from openaddr.bench.writing import Origin, source_json
from openaddr.errors import ExitCode, Problem
from openaddr.settings import Settings
from openaddr.source.model import LayerSource
from openaddr.stages import Layer
from openaddr.terminal import Ticker

NOWHERE = Place()


@dataclass(frozen=True)
class Question:
    """What is to be looked into: how many rows, which of our layers it is to be, and how much may be fetched."""

    address: str
    rows: int
    max_bytes: int
    layer: Layer | None = None
    country: str = ""


@dataclass(frozen=True)
class Explored:
    """What was found at an address: a directory, or tables and the place that they most likely cover."""

    entry: LayerSource
    fetched: Fetched
    examined: Examined | None = None
    place: Place = NOWHERE

    @property
    def best(self) -> Found | None:
        """The first table that has a conform to suggest."""
        found = self.examined.found if self.examined else ()
        return next((table for table in found if table.suggestions), None)

    @property
    def origin(self) -> Origin:
        """Where the data comes from, as a source says it."""
        layer, compression = self.fetched.layer, self.examined.compression if self.examined else None
        data = f"file://{self.entry.data}" if self.entry.protocol == "file" else self.entry.data
        named = {"attribution": True, "attribution name": layer.copyright} if layer and layer.copyright else {}
        return Origin(data, self.entry.protocol, compression, license=named)

    def source(self) -> dict[str, object] | None:
        """A whole source file for the best table, None where there is nothing to suggest."""
        return source_json(self.place, self.origin, self.best.suggestions) if self.best else None


def run_explore(address: str, *, as_json: bool, rows: int, max_bytes: int, layer: Layer | None, country: str) -> int:
    """Say what is at an address or in a file; gives the exit code."""
    question = Question(address, rows, max_bytes, layer, country.lower())
    return answered(partial(_explore, question, as_json), partial(_tell, address, as_json))


def _tell(address: str, as_json: bool, problem: Problem) -> None:
    # There is no source file that a pointer could be about.
    problem = replace(problem, pointer=None)
    if as_json:
        print_json({"address": address, "problem": problem.as_json()})
    say_problem(problem)


def _explore(question: Question, as_json: bool, settings: Settings, ticker: Ticker) -> int:
    entry, settings = entry_of(question.address, settings)
    with session(settings, ticker, question.max_bytes) as sitting:
        fetched = sitting.look(entry, question.rows)
        if fetched.directory is not None:
            explored = Explored(entry, fetched)
        else:
            wish = Wish(question.rows, question.layer, question.country or country_of(entry.data))
            examined = sitting.examine(entry, fetched, wish)
            explored = located(Explored(entry, fetched, examined))
    ticker.clear()
    if as_json:
        print_json(_as_json(question.address, explored))
    else:
        show(_blocks(explored))
    return ExitCode.DONE


def located(explored: Explored) -> Explored:
    """The same with the place that its best table most likely covers."""
    table = explored.best or (explored.examined.found[0] if explored.examined and explored.examined.found else None)
    place = guess(table.bounds, table.center, explored.entry.data) if table else Place()
    return Explored(explored.entry, explored.fetched, explored.examined, place)


def _as_json(address: str, explored: Explored) -> dict[str, object]:
    fetched, examined = explored.fetched, explored.examined
    return {
        "address": address,
        "problem": None,
        "protocol": explored.entry.protocol,
        "directory": asdict(fetched.directory) if fetched.directory else None,
        "layer": asdict(fetched.layer) if fetched.layer else None,
        "fetched": {"bytes": fetched.size, "total": fetched.total, "cut": fetched.is_cut},
        "tables": [_table_json(table) for table in examined.found] if examined else [],
        "other_files": list(examined.others) if examined else [],
        "compression": examined.compression if examined else None,
        "source": explored.source(),
        "warnings": [warning.as_json() for warning in fetched.warnings],
    }


def _table_json(table: Found) -> dict[str, object]:
    problem = table.problem.as_json() if table.problem else None
    return asdict(table) | {"problem": problem}


def _blocks(explored: Explored) -> list[Block]:
    if explored.fetched.directory is not None:
        return directory_blocks(explored.fetched.directory)
    blocks = table_blocks(explored.entry, explored.fetched, explored.examined or Examined(()))
    source = explored.source()
    if source is None:
        return [*blocks, Line("There is nothing in it that looks like addresses, parcels, buildings or centerlines.")]
    title = f"A source file to begin with, {explored.place.path}; `openaddr new` asks for the rest:"
    return [*blocks, Line(title, "bold"), Json(source)]
