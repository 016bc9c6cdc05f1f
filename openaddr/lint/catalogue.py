"""All rules, in the order of the documentation."""

from openaddr.lint.rules import acceptance, coverage, fields, functions, licences, reading, regexps, shape, text, urls
from openaddr.lint.rules.check import Check

CHECKS: tuple[Check, ...] = (
    *text.CHECKS,
    *shape.CHECKS,
    *regexps.CHECKS,
    *functions.CHECKS,
    *fields.CHECKS,
    *urls.CHECKS,
    *reading.CHECKS,
    *coverage.CHECKS,
    *licences.CHECKS,
    *acceptance.CHECKS,
)
BY_CODE: dict[str, Check] = {check.code: check for check in CHECKS}
