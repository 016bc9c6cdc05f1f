"""Files that are conformed without a download: every format reads the same points, and the text of each is right."""

from pathlib import Path
from typing import Any

import pytest

from openaddr.conform.pipeline import conform
from openaddr.download.archive import unpack
from openaddr.extract import read_batches
from openaddr.source.model import LayerSource
from openaddr.source.parse import read_source

POINTS = [
    (-122.2592497, 37.8026126), (-122.2567177, 37.8025279), (-122.2579408, 37.8029687),
    (-122.2589707, 37.8007476), (-122.2569537, 37.8007137), (-122.2576404, 37.8043589),
]  # fmt: skip
LAKE_MAN = [(number, "FRUITED PLAINS LN") for number in ("5115", "5121", "5133", "5126", "5120")]
LAKE_MAN.append(("5115", "OLD MILL RD"))
EKLUTNA = [(number, "EKLUTNA LAKE RD") for number in ("35845", "35850", "35900", "35870", "32551", "31401")]
SPLIT = [
    ("915", "EDWARD AVE"), ("3273", "PETER ST"), ("976", "FORD BLVD"),
    ("7055", "ST ROSE AVE"), ("534", "WALLACE AVE"), ("531", "SCOFIELD AVE"),
]  # fmt: skip
SPANISH = [(number, "PZ ESPAÑA") for number in "578"] + [(number, "CL FONTANA") for number in "112"]
NARA = [("2543-6", "針町"), *((f"{number}-6", "法華寺町") for number in ("202", "203", "205", "208"))]
NARA_POINTS = [(135.955104, 34.607832), *[(135.806741, 34.688534)] * 4]

FILES = [
    ("lake-man", LAKE_MAN, POINTS),
    ("lake-man-epsg26943", LAKE_MAN, POINTS),
    ("lake-man-gdb", LAKE_MAN, POINTS),
    ("lake-man-gml", LAKE_MAN, POINTS),
    ("lake-man-merge-postcode", EKLUTNA, POINTS),
    ("lake-man-split", SPLIT, POINTS),
    ("lake-man-utf8", SPANISH, POINTS),
    ("jp-nara", NARA, NARA_POINTS),
]


def conformed(source: Path, files: tuple[Path, ...], work: Path) -> tuple[list[Any], list[Any]]:
    parsed = read_source(source)
    (entry,) = parsed.entries
    assert isinstance(entry, LayerSource)
    (batch,) = read_batches(conform(entry, parsed.id, files, work).path)
    return batch.select("number", "street").rows(), batch.select("lon", "lat").rows()


@pytest.mark.parametrize(("name", "addresses", "points"), FILES, ids=[name for name, _, _ in FILES])
def test_a_file_gives_its_addresses_and_points(
    name: str, addresses: list[tuple[str, str]], points: list[tuple[float, float]], shared: Path, tmp_path: Path
) -> None:
    folder = shared / "recorded" / "conforms"
    files = tuple(sorted(path for path in folder.rglob("*") if path.is_file() and belongs(path, folder, name)))
    made, located = conformed(folder / f"{name}.json", files, tmp_path)
    assert made == addresses
    assert located == [pytest.approx(point, abs=1.01e-7) for point in points]


def belongs(path: Path, folder: Path, name: str) -> bool:
    first = path.relative_to(folder).parts[0]
    return first.split(".")[0] == name and path.suffix not in (".json", ".zip")


def test_the_zipped_shapefile_gives_the_same(shared: Path, tmp_path: Path) -> None:
    folder = shared / "recorded" / "conforms"
    files = unpack(folder / "lake-man.zip", "zip", None, tmp_path)
    made, located = conformed(folder / "lake-man.json", files, tmp_path)
    assert made == LAKE_MAN
    assert located == [pytest.approx(point, abs=1.01e-7) for point in POINTS]
