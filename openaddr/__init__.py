"""OpenAddresses Machine: from a source file to published, explained data."""

__version__ = "11.0.0.dev0"
