"""From an extract to the files that are published: one pass over the rows feeds every file of rows."""

from openaddr.outputs.write import Options, write_outputs

__all__ = ["Options", "write_outputs"]
