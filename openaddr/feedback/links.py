"""Addresses that answers lead to: pages of our site, and lines of files on GitHub. All are '' where there is none.

They are made of ids and of what was checked at the door; whatever else is in them is quoted.
"""

from urllib.parse import quote

from openaddr.feedback.report import Entry, Report
from openaddr.recorded import explained


def run_page(report: Report, entry: Entry) -> str:
    """The page of a run."""
    return _page(report, f"runs/{entry.run.id}/")


def map_page(report: Report, entry: Entry) -> str:
    """The map of the rows of a run, '' without tiles."""
    return _page(report, f"runs/{entry.run.files_of}/map/") if entry.has_file("pmtiles") else ""


def rows_page(report: Report, entry: Entry) -> str:
    """The first rows of a run, '' without any."""
    return _page(report, f"runs/{entry.run.files_of}/sample.html") if entry.has_file("sample") else ""


def problem_page(report: Report, code: str) -> str:
    """The page that explains a code."""
    return _page(report, f"problems/{code}/") if explained(code) else ""


def file_line(report: Report, path: str, line: int | None) -> str:
    """A file of the repository at the commit of the job, at a line."""
    where = f"{report.job.repository}/blob/{report.job.commit_sha}/{path}"
    return f"{report.github_url}/{quote(where, errors='replace')}" + (f"#L{line}" if line else "")


def _page(report: Report, path: str) -> str:
    return f"{report.site_url}/{path}" if report.site_url else ""
