"""Programs of our users that open our files, in a process and an environment of their own.

The GDAL of a test process may have read a shapefile before, and then knows no other drivers any more.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def consumer(program: str, path: Path) -> Any:
    """What a Python program prints as JSON when it is given a file; it runs where geopandas is installed."""
    python = os.environ.get("OPENADDR_CONSUMERS_PYTHON", sys.executable)
    answer = subprocess.run([python, "-c", program, str(path)], check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)
