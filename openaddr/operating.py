"""What the commands do that are of `deployments` and `dashboards`, which the library must not know: they are found by
name.
"""

import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openaddr import settings
from openaddr.errors import Code, ExitCode, ProblemError
from openaddr.settings import SettingError


def run_up(folder: Path, prefect_file: Path | None) -> int:
    """Run the whole stack on this machine until somebody stops it; gives the exit code."""
    return _with_settings("deployments.stack:run_up", folder, prefect_file)


def run_webhook(host: str, port: int) -> int:
    """Take deliveries of GitHub until somebody stops it; gives the exit code."""
    return _with_settings("deployments.webhook.serving:run_webhook", host, port)


def run_metrics(host: str, port: int) -> int:
    """Answer Prometheus until somebody stops it; gives the exit code."""
    return _with_settings("deployments.metrics.serving:run_metrics", host, port)


def run_job(delivery: Path | None, event: str, commit: dict[str, object]) -> int:
    """Do what a saved delivery asks for, or check a commit; gives the exit code."""
    return _with_settings("flows.by_hand:run_job", delivery, event, commit)


def run_site_build(output: Path | None, afresh: bool) -> int:
    """Render the site; gives the exit code."""
    return _with_settings("dashboards.building:build", output, afresh)


def run_retention(dry_run: bool) -> int:
    """Remove what is kept no longer, or list it; gives the exit code."""
    return _with_settings("flows.retention:run_retention", dry_run)


def run_backup(folder: Path | None, file: Path | None, list_them: bool) -> int:
    """Back up the record, of a stack that does not run when a folder is named; gives the exit code."""
    return _with_settings("deployments.keeping:run_backup", folder, file, list_them)


def run_restore(folder: Path | None, backup: str, replace: bool) -> int:
    """Make a backup the record, of a stack that does not run when a folder is named; gives the exit code."""
    return _with_settings("deployments.keeping:run_restore", folder, backup, replace)


def run_storage_setup() -> int:
    """Tell the buckets what to do; gives the exit code."""
    return _with_settings("openaddr.keeping.commands:run_storage_setup")


def run_preview(folder: Path, *, port: int, open_it: bool, as_json: bool) -> int:
    """Show a folder of runs until somebody stops it; gives the exit code."""
    try:
        return int(_operation("dashboards.preview.command:run")(folder, port, open_it, as_json))
    except ProblemError as error:
        return _told(error)


def _with_settings(name: str, *arguments: object) -> int:
    try:
        return int(_operation(name)(settings.load(), *arguments))
    except SettingError as error:
        print(f"openaddr: {error}", file=sys.stderr)
        return ExitCode.CONFIGURATION
    except ProblemError as error:
        return _told(error)


def run_deploy(prefect_file: Path | None) -> int:
    """Set up a Prefect server; gives the exit code."""
    try:
        main = _operation("deployments.setup:main")
        return int(main(["--prefect-file", str(prefect_file)] if prefect_file else []))
    except ProblemError as error:
        return _told(error)


def _operation(name: str) -> Callable[..., Any]:
    try:
        function: Callable[..., Any] = pkgutil.resolve_name(name)
    except ModuleNotFoundError as error:
        raise ProblemError(Code.OPERATE_MISSING, f"Python has no module {error.name}, which this needs.") from error
    return function


def _told(error: ProblemError) -> int:
    problem = error.problem
    hint = problem.hint or problem.explanation.hint
    print(f"openaddr: {problem.message}\n  {hint} ({problem.code})", file=sys.stderr)
    return problem.explanation.exit_code
