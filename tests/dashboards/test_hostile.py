"""Strangers' words and records of any shape: every page is rendered, nothing of theirs becomes markup."""

import json
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import Connection

from dashboards import links
from dashboards.facts import facts_of
from dashboards.runs import run_page
from dashboards.site import publish
from dashboards.snapshot import Snapshot
from openaddr.db.connections import connect, open_pool
from openaddr.db.pages import RunWithSource
from openaddr.db.records import RunStatus, Trust
from openaddr.db.values import document, storable, word
from openaddr.names import digits_of
from openaddr.recorded import read_problem, read_record
from openaddr.storage.folder import Folder
from openaddr.storage.keys import checked
from tests.dashboards.html import Read, read
from tests.dashboards.making import Making, record_of, site, source_text

HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "an image": '"><img src=x onerror=alert(1)>',
    "quotes": "' onmouseover='alert(1)' \" autofocus onfocus=\"alert(1)",
    "the end of data": "</script><!--<script>alert(1)//",
    "the end of a comment": "--></title></style></textarea><svg onload=alert(1)>",
    "a template": "{{ 7 * 7 }}{% for x in y %}${7*7}#{7*7}",
    "javascript": "javascript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "controls": "a\x00b\x07c\x1b[31md\x7fe\x85f\r\ng",
    "another direction": "abc\u202egnp.exe\u2066\u200f\ufeff",
    "arabic": "شارع الملك فهد",
    "halves": "\ud800\udfff x",
    "no characters": "\ufffe\uffff\U0010ffff",
    "long": "x" * 10_000,
    "long without end": "<" * 10_000,
    "a formula": "=cmd|'/c calc'!A1",
    "folders": "../../../../etc/passwd",
    "empty": "",
    "blank": "   ",
    "a dot": "index.html",
    "a network path": "//evil.example/x",
    "entities": "&lt;script&gt;&amp;#x3c;",
}
DIRECTIONS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def assert_harmless(page: Read, content: bytes) -> None:
    """Hold a page to what no word of a stranger may change."""
    assert page.problems == [], page.path
    text = content.decode()
    assert not set(text) & (DIRECTIONS | set(map(chr, [*range(9), *range(11, 32), 127]))), page.path
    for tag, found in page.elements:
        assert not any(name.startswith("on") or name in ("style", "autofocus") for name in found), (page.path, tag)
    assert {tag for tag, _ in page.elements} <= KNOWN, page.path
    scripts = page.all("script")
    assert [script.get("type") for script in scripts] in SCRIPTS, page.path
    for link in page.links:
        assert link.startswith(("https://", "http://", "#", "../")) or ":" not in link, (page.path, link)
        assert not link.startswith("//") and "evil.example" not in link.split("/")[2:3], (page.path, link)


SCRIPTS = ([None], [None, "application/ld+json"], [None, "module", None])
"""Of a page; of one that describes data; of a map, which has a library and a script of its own."""
WORDS = """
html head meta title link script body header footer main nav section a p h1 h2 h3 ul ol li dl dt dd div span bdi br wbr
small strong code pre time figure figcaption img table caption thead tbody tr th td svg path circle rect
"""
KNOWN = set(WORDS.split())
"""Elements of our own templates."""


FIELDS: dict[str, Callable[[Making, str], object]] = {
    "source": lambda making, text: making.run(word(f"xx/{text}")),
    "layer": lambda making, text: making.run(layer=word(text)),
    "name": lambda making, text: making.run(name=word(text)),
    "message": lambda making, text: making.run(
        status="failed", problem=document({"code": "HTTP_404", "message": text, "hint": text, "pointer": text}).obj
    ),
    "code": lambda making, text: making.run(status="failed", problem=document({"code": text, "message": "m"}).obj),
    "record": lambda making, text: making.run(
        record=document(
            record_of(
                warnings=[{"code": text, "message": text, "hint": text}],
                rejected={
                    "count": 1,
                    "reasons": {text: 1},
                    "examples": [{"reason": text, "row": 1, "value": text}],
                },
                fills={text: 3},
                seconds={text: 1.0},
                fingerprint=text,
                outputs={text: text},
            )
        ).obj
    ),
    "worker": lambda making, text: making.run(worker=storable(text), code_version=storable(text)),
    "commit": lambda making, text: making.run(commit_sha=storable(text)),
    "author": lambda making, text: making.run(
        job_id=making.job(author=storable(text), repository=storable(text), commit_sha=storable(text)), trust="unmerged"
    ),
    "file": lambda making, text: making.run(
        f"xx/file-{digits_of(repr(text))}",
        content=source_text(website=text, data=text, license={"text": text, "url": text}, attribution=text),
    ),
    "coverage": lambda making, text: making.run(
        f"xx/coverage-{digits_of(repr(text))}",
        content=json.dumps(
            {"schema": 2, "coverage": {"country": text, "US Census": {text: text}}, "layers": {}}
        ).encode(),
    ),
    "stored": lambda making, text: _stored(making, text),
}


def _stored(making: Making, text: str) -> None:
    """A run whose files are what a stranger would like them to be."""
    run = making.run("xx/stored")
    row = {"name": text, "kind": text, "bytes": 1, "sha256": text, "rows": 3}
    making.store(
        run,
        **{
            "manifest.json": json.dumps({"resources": [row, row | {"name": "a.zip"}]}).encode(),
            "sample.json": json.dumps({"columns": [text], "rows": [[text], [None]]}).encode(),
        },
    )


def test_hostile_words_in_every_field_change_no_page(url: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with connect(url) as conn, open_pool(url) as pool:
        making = Making(conn, folder)
        for text in HOSTILE.values():
            for fill in FIELDS.values():
                fill(making, text)
        publish(pool, folder, "https://results.example.org")
    files = site(folder)
    pages = {path: read(path, content) for path, content in files.items() if path.endswith(".html")}
    assert len(pages) > 500
    for path, page in pages.items():
        assert_harmless(page, files[path])
        assert len(files[path]) < 200_000, path
    text = "".join(page.text for page in pages.values())
    assert all(HOSTILE[what] in text for what in ("a script", "an image", "a template", "arabic", "entities"))
    missing = {link for page in pages.values() for link in page.pages if not link.startswith(("..", "https:"))}
    assert {link for link in missing if "/map/" not in link} - files.keys() == set()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(list(HOSTILE.values())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)
MEMBERS = [*record_of(), "unchanged", "problem"]
RECORDS = st.dictionaries(st.sampled_from(MEMBERS), JSON) | JSON
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RUN = RunWithSource(
    id=7,
    set_id=3,
    job_id=UUID(int=0),
    source_id="xx/town",
    layer="addresses",
    name="town",
    source_sha="0" * 64,
    commit_sha="",
    trust=Trust.MERGED,
    size_class="small",
    fresh=False,
    status=RunStatus.SUCCEEDED,
    attempt=1,
    expected_seconds=None,
    queued_at=NOON,
    dispatched_at=None,
    started_at=NOON,
    finished_at=NOON,
    lease_token=None,
    lease_until=None,
    deadline_at=None,
    worker="",
    flow_run_id=None,
    code_version="11",
    run_key="",
    copy_of=None,
    problem=None,
    record=None,
    rows=None,
    decision=None,
    decided_by=None,
    decided_reason=None,
    decided_at=None,
    expired_at=None,
    outgrown="",
    content=b"{}",
    repository="",
    job_is_gone=False,
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot for what asks the storage only."""
    conn: Any = None
    return Snapshot(conn, Folder(tmp_path_factory.mktemp("storage")))


PROBLEMS = JSON | st.fixed_dictionaries({"code": JSON, "message": JSON, "line": JSON})


@given(record=RECORDS, problem=PROBLEMS, status=st.sampled_from(RunStatus))
def test_a_run_with_any_record_has_a_page(record: Any, problem: Any, status: RunStatus, seen: Snapshot) -> None:
    run: RunWithSource = replace(RUN, record=record, problem=problem, status=status)
    content = run_page(seen, run)
    assert_harmless(read("runs/7/index.html", content), content)


@pytest.mark.parametrize("name", [name for name in record_of() if name != "bounds"])
@pytest.mark.parametrize("wrong", ["text", 1.5, [1], {"a": "b"}, [{"code": 3}], True, 10**400])
def test_a_member_of_another_type_is_named_and_the_others_are_shown(name: str, wrong: Any) -> None:
    found = read_record(record_of(**{name: wrong}))
    fits = {
        ("fingerprint", "text"),
        ("tests_passed", "True"),
        ("seconds", "[]"),
        ("cpu_seconds", "1.5"),
        ("outputs", "{'a': 'b'}"),
        ("rejected", "{'a': 'b'}"),
        ("misplaced", "{'a': 'b'}"),
    }
    is_number = wrong == 10**400 and name in ("received", "rows", "downloaded", "peak_memory", "cpu_seconds")
    if (name, str(wrong)) not in fits and not is_number:
        assert [fault.partition(":")[0] for fault in found.faults] == [name]
    assert name == "received" or found.received == 12


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, None),
        ({"code": "HTTP_404"}, "HTTP_404"),
        ({"code": "OF_TOMORROW", "message": "m"}, "OF_TOMORROW"),
        ({"message": "m"}, "UNREADABLE"),
        ({"code": 7}, "UNREADABLE"),
        ([], "UNREADABLE"),
        ("text", "UNREADABLE"),
    ],
)
def test_a_problem_of_any_shape_is_told(value: object, code: str | None) -> None:
    found = read_problem(value)
    assert (found and found.code) == code
    assert found is None or found.title


@given(st.text() | st.text(alphabet=string.printable) | st.sampled_from(list(HOSTILE.values())))
def test_any_source_has_a_place_of_its_own(source_id: str) -> None:
    path = links.source(word(source_id))
    checked(f"site/{path}")
    assert all("." not in part for part in path.split("/")[:-1])


@given(st.binary() | st.text().map(str.encode) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_source_file_has_facts(content: bytes) -> None:
    facts_of("xx/town", content)


def test_what_is_missing_or_broken_in_storage_is_said_on_the_page(url: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with connect(url) as conn, open_pool(url) as pool:
        making = Making(conn, folder)
        gone = making.run("xx/gone", files=False)
        broken = making.run("xx/broken")
        making.store(broken, **{"manifest.json": b"[1", "sample.json": b"{}\xff"})
        publish(pool, folder)
    files = {path: content.decode() for path, content in site(folder).items() if path.endswith(".html")}
    for run, source, words in ((gone, "gone", "is missing in storage"), (broken, "broken", "cannot be read")):
        assert f"runs/{run}/manifest.json {words}" in files[f"runs/{run}/index.html"]
        assert f"runs/{run}/sample.json {words}" in files[f"runs/{run}/sample.html"]
        assert f"runs/{run}/manifest.json {words}" in files[f"sources/xx/{source}/index.html"]
        assert source in files["sources/index.html"]


def test_the_record_in_the_database_may_be_any_json(url: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    values: list[object] = [
        [],
        "text",
        7,
        True,
        {"warnings": "x"},
        {"warnings": [[1], {"code": []}, 3]},
        {"rows": "1e999"},
    ]
    with connect(url) as conn, open_pool(url) as pool:
        making = Making(conn, folder)
        found = [making.run(f"xx/{place}", record=value) for place, value in enumerate(values)]
        found += [making.run(f"yy/{place}", "failed", problem=value) for place, value in enumerate(values)]
        huge(conn, making.run("xx/huge"))
        publish(pool, folder)
    files = site(folder)
    assert all(f"runs/{run}/index.html" in files for run in found)
    assert b"Not everything can be shown" in files[f"runs/{found[0]}/index.html"]


def huge(conn: Connection[Any], run_id: int) -> None:
    """Numbers that Postgres can hold and Python cannot."""
    text = '{"seconds": {"a": 1e400, "b": -1e400}, "cpu_seconds": 1e400, "rows": 1e400, "bounds": [1e400, 0, 0, 0]}'
    conn.execute("update runs set record = %s::jsonb where id = %s", [text, run_id])
    conn.commit()
