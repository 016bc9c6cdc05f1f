"""From a layer source and its files to the reader of its format; only the module that is needed gets loaded."""

import importlib
import os
from pathlib import Path
from typing import Any

from openaddr.conform.readers.choose import choose_file
from openaddr.conform.readers.dataset import Dataset
from openaddr.conform.readers.modules import ESRI_READER, READERS
from openaddr.errors import Code, ProblemError
from openaddr.source.model import Conform, LayerSource
from openaddr.source.rules import columns_of

_MEMBERS = {
    Code.FILE_AMBIGUOUS: "file",
    Code.FILE_NOT_IN_ARCHIVE: "file",
    Code.LAYER_NOT_FOUND: "layer",
    Code.ENCODING_UNKNOWN: "encoding",
}
"""Which member of the conform a problem is about, if it is there."""


def open_dataset(entry: LayerSource, files: tuple[Path, ...], esri_columns: tuple[str, ...] = ()) -> Dataset:
    """Open what was downloaded and unpacked; for the protocol ESRI `files` are its pages.

    Raises ProblemError when no file fits, or when the one that does cannot be read.
    """
    conform, pointer = entry.conform, f"{entry.pointer}/conform"
    if conform is None:
        raise ProblemError(Code.CONFORM_MISSING, "The source has no `conform`.", pointer=entry.pointer)
    module = ESRI_READER if entry.protocol == "ESRI" else READERS.get(conform.format)
    if module is None:
        known = ", ".join(READERS)
        message = f"`format` is {conform.format!r}; known are {known}."
        raise ProblemError(Code.FORMAT_UNKNOWN, message, pointer=f"{pointer}/format")
    reader = importlib.import_module(module)
    try:
        return _opened(reader, conform, files, None if module != ESRI_READER else esri_columns)
    except ProblemError as error:
        member = _MEMBERS.get(error.problem.code)
        named = member is not None and getattr(conform, member) is not None
        error.problem = error.problem.at(f"{pointer}/{member}" if named else pointer)
        raise


def _opened(reader: Any, conform: Conform, files: tuple[Path, ...], esri_columns: tuple[str, ...] | None) -> Dataset:
    """Each reader gets the settings that mean something to its format."""
    dataset: Dataset
    if esri_columns is not None:
        dataset = reader.open_esri(files, esri_columns)
        return dataset
    path, encoding = choose_file(files, conform, root_of(files)), conform.encoding
    match conform.format:
        case "csv":
            dataset = reader.open_delimited(
                path,
                encoding=encoding,
                separator=conform.csvsplit,
                headers=conform.headers,
                skiplines=conform.skiplines,
            )
        case "geojson":
            wanted = [name for _, rule in conform.rules for name in columns_of(rule)]
            dataset = reader.open_geojson(path, encoding=encoding, wanted=wanted)
        case _:
            dataset = reader.open_vector(path, conform.format, layer=conform.layer, encoding=encoding)
    return dataset


def root_of(files: tuple[Path, ...]) -> Path:
    """The deepest folder that holds all files."""
    return Path(os.path.commonpath([file.parent for file in files])) if files else Path()
