"""What `openaddr doctor` does. What only operators have is found by name: the library must not know it."""

import pkgutil
import sys
from pathlib import Path

from openaddr import settings
from openaddr.doctor.checks import as_json, as_text
from openaddr.doctor.libraries import INSTALL
from openaddr.doctor.machine import parts
from openaddr.doctor.parts import Part, examine
from openaddr.errors import ExitCode
from openaddr.logs import Redactor
from openaddr.settings import SettingError, Settings, secret_values

OPERATORS = "deployments.doctor.examining:operators"


def run_doctor(folder: Path | None, prefect_file: Path | None, *, as_objects: bool) -> int:
    """Say what holds and what does not; gives the exit code."""
    try:
        loaded, found = _operators(settings.load(), folder, prefect_file)
    except SettingError as error:
        print(f"openaddr: {error}", file=sys.stderr)
        return ExitCode.CONFIGURATION
    checks = examine([*parts(loaded), *found], Redactor(secret_values(loaded)))
    print(as_json(checks) if as_objects else as_text(checks))
    return ExitCode.CONFIGURATION if any(check.holds is False for check in checks) else ExitCode.DONE


def _operators(loaded: Settings, folder: Path | None, prefect_file: Path | None) -> tuple[Settings, list[Part]]:
    """The settings that are looked at, and what is looked at besides this machine."""
    try:
        operators = pkgutil.resolve_name(OPERATORS)
    except ModuleNotFoundError as error:
        told = f"`{INSTALL}`, and database, storage, Prefect and GitHub are checked (there is no module {error.name})."
        return loaded, [Part("For those who run it for everybody", unset=told)]
    found: tuple[Settings, list[Part]] = operators(loaded, folder, prefect_file)
    return found
