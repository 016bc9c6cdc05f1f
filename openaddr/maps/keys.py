"""Where the maps of a set are in storage: names that the predecessor gave them, and ours."""

import re

from openaddr.maps.views import VIEWS

OF_SET = re.compile(r"sets/(\d{1,18})/")

NUMBERS = "coverage.json"
"""Written last: where it is, all are."""
GEOJSON = "render-world.geojson"


def set_prefix(set_id: int) -> str:
    """Where the files of a set are."""
    return f"sets/{set_id}/"


def set_of_key(key: str) -> int | None:
    """The set whose file a key is, None when it is none of a set."""
    found = OF_SET.match(key)
    return int(found[1]) if found else None


def names() -> list[str]:
    """Of all files of one set."""
    pictures = [f"render-{view.name}.{extension}" for view in VIEWS for extension in ("svg", "png")]
    return [*pictures, GEOJSON, NUMBERS]
