"""GDAL with all its drivers again, for tests that write files in the process that reads them."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
from pyogrio import _ogr
from pyogrio.raw import write_arrow


def bring_drivers_back() -> None:
    """Undo what reading does: it leaves GDAL with the one driver of the file that was read last."""
    pyogrio.set_gdal_config_options({"GDAL_SKIP": ""})
    _ogr._register_drivers()


def write_table(table: pa.Table, path: Path, driver: str, **options: Any) -> None:
    """Write a layer, whatever was read before."""
    bring_drivers_back()
    write_arrow(table, path, driver=driver, **options)
