"""The text of source files."""

import hashlib
from typing import Any

import pytest
from psycopg import Connection

from openaddr.db import source_files


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00\xff", "{„ü“}".encode()])
def test_a_text_comes_back_as_it_was_byte_for_byte(conn: Connection[Any], content: bytes) -> None:
    sha = source_files.save(conn, content)
    assert sha == hashlib.sha256(content).hexdigest()
    assert source_files.content(conn, sha) == content


def test_the_same_text_is_kept_once(conn: Connection[Any]) -> None:
    assert source_files.save(conn, b"{}") == source_files.save(conn, b"{}")
    assert conn.execute("select count(*) from source_files").fetchone() == (1,)


def test_a_text_that_was_never_kept_is_an_error(conn: Connection[Any]) -> None:
    with pytest.raises(KeyError):
        source_files.content(conn, "0" * 64)


def test_texts_that_are_kept_together_are_known_in_their_order(conn: Connection[Any]) -> None:
    contents = [b"b", b"a", b"b", b""]
    assert source_files.save_all(conn, contents) == [hashlib.sha256(content).hexdigest() for content in contents]
    assert conn.execute("select count(*) from source_files").fetchone() == (3,)
    assert source_files.save_all(conn, []) == []
