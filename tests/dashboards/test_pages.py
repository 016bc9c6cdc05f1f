"""The pages themselves: what each one says, and what holds for all of them."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from dashboards.site import publish
from openaddr.db.connections import connect, open_pool
from openaddr.db.migrating import migrate
from openaddr.errors import Code
from openaddr.storage.folder import Folder
from tests.dashboards.html import Read, read
from tests.dashboards.making import Making, record_of, site, source_text
from tests.databases import NAME
from tests.postgres import create_database

SITE = "https://results.example.org"
NAMED = re.compile(r'<th scope="row">\s*<a href="[^"]*"><bdi>(.+?)</bdi>')


@dataclass(frozen=True)
class Town:
    """A site with one of everything; ids of the runs that tests look at."""

    files: dict[str, bytes]
    pages: dict[str, Read]
    good: int
    failed: int
    held: int
    set: int
    job: str

    def page(self, path: str) -> Read:
        """A page that has to be there."""
        return self.pages[path]

    def run(self, run_id: int) -> Read:
        """The page of a run."""
        return self.pages[f"runs/{run_id}/index.html"]


@pytest.fixture(scope="module")
def town(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Made once: tests only look."""
    url = create_database(server_url, f"{NAME}_pages")
    folder = Folder(tmp_path_factory.mktemp("site"))
    with connect(url) as conn, open_pool(url) as pool:
        migrate(conn)
        yield _filled(Making(conn, folder), pool, folder)


def _filled(making: Making, pool: object, folder: Folder) -> Town:
    first = making.set()
    good = making.run(set_id=first)
    failed = making.failed(line=14, set_id=making.set())
    making.run("xx/drop")
    held = making.run("xx/drop", "held", rows=5, problem={"code": "ROWS_DROPPED", "message": "5 rows, 10 before."})
    making.conn.execute(
        "update runs set decision = 'rejected', decided_by = 'ann', decided_reason = 'half is gone', "
        "decided_at = clock_timestamp() where id = %s",
        [held],
    )
    making.run("xx/skip", "skipped", problem={"code": "SOURCE_SKIP", "message": "The source says to skip."})
    making.run("xx/wait", "queued")
    making.run("xx/at-work", "running")
    making.run("xx/dead", "lost", problem={"code": "RUN_LOST", "message": "Three workers died."})
    job = making.job()
    making.run("xx/new", job_id=job, trust="unmerged")
    now = datetime.now(UTC)
    problem = Jsonb({"code": "GITHUB_AWAY", "message": "GitHub answers 502."})
    making.job(status="errored", finished_at=now, problem=problem)
    making.job(
        status="superseded", finished_at=now, found=Jsonb({"limits": ["Only 200 are run."], "removed": ["xx/b"]})
    )
    making.run("xx", name="country")
    making.run("xx/copy", copy_of=good, record=record_of(unchanged=True))
    making.run("xx/none", content=source_text(license=None, attribution=None))
    for number in range(160):
        making.failed(f"yy/{number}", set_id=first)
    making.conn.execute(
        "insert into collections (name, key, sha256, bytes, rows, manifest) "
        "values ('europe', 'collections/europe.zip', %s, 1234567, 42, '{}')",
        ["cd" * 32],
    )
    making.conn.commit()
    publish(pool, folder, SITE)  # type: ignore[arg-type]
    files = site(folder)
    pages = {path: read(path, content) for path, content in files.items() if path.endswith(".html")}
    return Town(files, pages, good, failed, held, first, str(job))


def named(town: Town, path: str) -> set[str]:
    """The sources that the rows of a table are of."""
    return {words.replace("<wbr>", "") for words in NAMED.findall(town.files[path].decode())}


def test_a_job_says_why_it_was_not_done_which_limits_bit_and_what_is_gone(town: Town) -> None:
    pages = [content.decode() for path, content in town.files.items() if path.startswith("jobs/")]
    (errored,) = (page for page in pages if "GitHub answers 502." in page)
    (superseded,) = (page for page in pages if "Only 200 are run." in page)
    assert "GITHUB_AWAY" in errored and "superseded" in superseded and "Removed: xx/b." in superseded


def test_every_link_leads_somewhere(town: Town) -> None:
    # The map of a run is drawn elsewhere.
    broken = {
        (path, link)
        for path, page in town.pages.items()
        for link in page.pages
        if path != "404.html" and not link.startswith("..") and link not in town.files and "/map/" not in link
    }
    assert broken == set()
    stored = {link for page in town.pages.values() for link in page.pages if link.startswith("..")}
    assert f"../runs/{town.good}/preview.png" in stored and "../latest/xx/town/addresses-town.zip" in stored


def test_every_page_is_well_formed_and_has_what_a_reader_with_a_screen_reader_needs(town: Town) -> None:
    for path, page in town.pages.items():
        assert page.problems == [], path
        tags = Counter(tag for tag, _ in page.elements)
        assert (tags["h1"], tags["main"], tags["title"]) == (1, 1, 1), path
        assert page.all("html") == [{"lang": "en"}] and page.all("a")[0]["href"] == "#main", path
        assert tags["caption"] == tags["table"] and all("scope" in head for head in page.all("th")), path
        ids = [found["id"] for _, found in page.elements if "id" in found]
        assert len(set(ids)) == len(ids), path
        assert all(image.get("alt") for image in page.all("img")), path


def test_every_page_has_a_title_and_a_description_of_its_own(town: Town) -> None:
    for name in ("title", "description"):
        told = Counter(
            page.title if name == "title" else next(m["content"] for m in page.all("meta") if m.get("name") == name)
            for page in town.pages.values()
        )
        assert [words for words, count in told.items() if count > 1] == []


def test_no_page_runs_or_loads_anything_that_is_not_of_the_site(town: Town) -> None:
    for path, page in town.pages.items():
        policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy, path
        assert not [found for _, found in page.elements if "style" in found or any(n.startswith("on") for n in found)]
        assert all("src" in script or script["type"] == "application/ld+json" for script in page.all("script")), path
        loaded = [found["src"] for _, found in page.elements if "src" in found]
        loaded += [found["href"] for found in page.all("link") if found.get("rel") in ("stylesheet", "icon")]
        assert path == "404.html" or not any("//" in address for address in loaded), path


def test_no_page_is_large(town: Town) -> None:
    assert max(len(content) for path, content in town.files.items() if path.endswith(".html")) < 100_000


def test_a_source_says_what_it_covers_what_to_download_and_since_when_it_fails(town: Town) -> None:
    page = town.page("sources/xx/town/index.html")
    for words in (
        "geoid 06001",
        "CC BY 4.0",
        "Town of Windmere",
        "The data is not there any more",
        "1 run since",
        f"curl -O '{SITE}/latest/xx/town/addresses-town.zip'",
        f"SELECT * FROM '{SITE}/latest/xx/town/addresses-town.parquet' LIMIT 10",
        "ab" * 32,
        "1.2 kB",
        "Mill Lane",
    ):
        assert words in page.words, words
    assert f"runs/{town.good}/map/index.html" in page.pages and "https://town.example/open" in page.links
    assert any(found.get("class") == "spark" for found in page.all("svg"))


def test_a_source_is_a_dataset_for_search_engines(town: Town) -> None:
    page = town.page("sources/xx/town/index.html")
    (data,) = map(json.loads, page.data)
    assert data["@type"] == "Dataset" and data["url"] == f"{SITE}/sources/xx/town/"
    assert data["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert {part["contentUrl"].rsplit(".", 1)[1] for part in data["distribution"]} == {
        "zip",
        "parquet",
        "gz",
        "pmtiles",
    }
    head = {found.get("property"): found.get("content") for found in page.all("meta")}
    assert head["og:image"] == f"{SITE}/runs/{town.good}/preview.png"
    assert {found["href"] for found in page.all("link") if found["rel"] == "canonical"} == {data["url"]}


def test_a_run_says_where_the_time_and_the_rows_went(town: Town) -> None:
    page = town.run(town.good)
    for words in ("42 s", "123 kB", "12 rows came in, 10 went out, 2 were left out", "the feature has no geometry"):
        assert words in page.words, words
    for words in ("OBJECTID 7", "50 %", "The certificate of the server could not be verified", "500 MB", "passed"):
        assert words in page.words, words
    for words in ("street 5 50 % 2 Mill Lane 4", "3 rows 2 of them inside with longitude and latitude changed"):
        assert words in page.words, words
    assert f"runs/{town.good}/sample.html" in page.pages


def test_a_run_that_failed_shows_the_fix_the_line_and_the_log(town: Town) -> None:
    page = town.run(town.failed)
    assert "Find its new address and correct data." in page.text
    assert "problems/HTTP_404/index.html" in page.pages
    assert "14 (this line)" in page.words and '"protocol": "http"' in page.text
    blob = (
        "https://github.com/openaddresses/openaddresses/blob/0123456789abcdef0123456789abcdef01234567/sources/xx/town"
    )
    assert f"{blob}.json#L14" in page.links
    assert f"../runs/{town.failed}/log.txt" in page.pages


def test_a_decision_is_shown_with_its_reason(town: Town) -> None:
    text = town.run(town.held).text
    assert "Rejected" in text and "ann" in text and "half is gone" in text


def test_runs_of_a_set_are_worst_first_and_can_be_filtered_by_plain_links(town: Town) -> None:
    first, last = town.page(f"sets/{town.set}/index.html"), town.page(f"sets/{town.set}/2.html")
    assert "yy/0" in first.text and "xx/town" in last.text
    assert {f"sets/{town.set}/{name}.html" for name in ("failed", "succeeded", "2")} <= first.pages
    assert "161" in first.text
    assert town.page(f"sets/{town.set}/succeeded.html").text.count("xx/town") == 1
    job = town.page(f"jobs/{town.job}/index.html")
    assert "xx/new" in job.text and "https://github.com/openaddresses/openaddresses/pull/7" in job.links


@pytest.mark.parametrize(
    ("path", "sources"),
    [
        ("sources/failed.html", {"xx/town"}),
        ("sources/held.html", {"xx/drop"}),
        ("sources/lost.html", {"xx/dead"}),
        ("sources/skipped.html", {"xx/skip"}),
        ("sources/waiting.html", {"xx/wait", "xx/at-work"}),
        ("sources/succeeded.html", {"xx", "xx/copy", "xx/none"}),
        ("sources/parcels.html", set()),
        (
            "sources/xx/all.html",
            {"xx/at-work", "xx/copy", "xx/dead", "xx/drop", "xx/none", "xx/skip", "xx/town", "xx/wait"},
        ),
        ("problems/HTTP_404/index.html", {"xx/town"}),
        ("problems/ROWS_DROPPED/index.html", {"xx/drop"}),
        ("problems/TLS_UNVERIFIED/index.html", {"xx", "xx/copy", "xx/drop", "xx/none", "xx/skip", "xx/town"}),
        ("problems/TIMED_OUT/index.html", set()),
    ],
)
def test_lists_have_the_sources_they_are_about_and_no_proposed_ones(path: str, sources: set[str], town: Town) -> None:
    assert named(town, path) == sources


def test_a_list_goes_on_on_numbered_pages(town: Town) -> None:
    first, second = town.page("sources/removed.html"), town.page("sources/removed.2.html")
    assert "sources/removed.2.html" in first.pages and "sources/removed.html" in second.pages
    assert "yy/0" in first.text + second.text and "yy/159" in first.text + second.text


def test_a_source_that_the_newest_set_has_not_is_shown_as_removed(town: Town) -> None:
    assert "yy/0" in named(town, "sources/removed.html")
    assert "not in the collection any more" in town.page("sources/yy/0/index.html").text
    assert "yy/0" not in named(town, "sources/failed.html")


def test_health_counts_what_needs_attention(town: Town) -> None:
    text = town.page("health/index.html").words
    assert "3 layer sources need attention, of 9" in text
    assert "data.town.example" in text and "ROWS_DROPPED" in text and "−50 %" in text


def test_every_code_has_a_page(town: Town) -> None:
    assert {f"problems/{code}/index.html" for code in Code} <= town.pages.keys()
    assert all(f"problems/{code}/index.html" in town.page("problems/index.html").pages for code in Code)


def test_licences_say_unknown_where_a_source_says_nothing(town: Town) -> None:
    text = town.page("licenses/index.html").words
    assert "CC BY 4.0" in text and "unknown" in text and "2 do not say" in text


def test_collections_are_on_their_page_and_on_the_index(town: Town) -> None:
    for path in ("collections/index.html", "index.html"):
        assert "../collections/europe.zip" in town.page(path).pages and "europe" in town.page(path).text


def test_the_page_of_what_is_not_there_links_from_any_address(town: Town) -> None:
    assert all(link.startswith((SITE, "#")) for link in town.page("404.html").links)


def test_an_empty_record_has_every_page_and_says_that_there_is_nothing(url: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with open_pool(url) as pool:
        publish(pool, folder)
    pages = {path: read(path, content) for path, content in site(folder).items() if path.endswith(".html")}
    for path in ("index.html", "sources/index.html", "sets/index.html", "jobs/index.html", "collections/index.html"):
        assert re.search(r"There (are|is) no|No collection|There are none", pages[path].text), path
    assert {"health/index.html", "licenses/index.html", "coverage/index.html", "data-access/index.html"} <= pages.keys()
    files = site(folder)
    assert all(link in files for path, page in pages.items() if path != "404.html" for link in page.pages)
    assert not any("canonical" in found.get("rel", "") for page in pages.values() for found in page.all("link"))


def test_a_set_that_was_abandoned_says_why(url: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with connect(url) as conn, open_pool(url) as pool:
        set_id = Making(conn, folder).set(done=False)
        conn.execute(
            "update sets set listed_at = null, abandoned_at = clock_timestamp(), problem = %s where id = %s",
            ['{"code": "SOURCE_NOT_FOUND", "message": "The folder is gone."}', set_id],
        )
        conn.commit()
        publish(pool, folder)
    page = read("sets/1/index.html", site(folder)[f"sets/{set_id}/index.html"])
    assert "abandoned" in page.words and "The folder is gone." in page.words


def test_a_set_without_runs_has_a_page(url: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with connect(url) as conn, open_pool(url) as pool:
        set_id = Making(conn, folder).set(done=False)
        job = Making(conn, folder).job()
        publish(pool, folder)
    assert b"This set has no runs yet" in site(folder)[f"sets/{set_id}/index.html"]
    assert b"This job has no runs yet" in site(folder)[f"jobs/{job}/index.html"]
