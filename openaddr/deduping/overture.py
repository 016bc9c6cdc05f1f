"""The Overture view: the rows of the build in the address schema of Overture Maps, made by whoever asks for them.

It is SQL for DuckDB, published beside the files, so that nothing is stored twice.
"""

from pathlib import Path

NAME = "overture.sql"
SQL = Path(__file__).with_name(NAME).read_text(encoding="utf-8")
