"""What a check found, and all findings as a table."""

import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal, TypeAlias

from dl.errors import first_line
from dl.tables import Table

Result = Literal["passed", "failed", "warning", "not applicable", "information"]


@dataclass(frozen=True)
class Finding:
    """What one check found.

    `found` and `expected` are for people; `value` is the number behind `found`, if there is one.
    `remedy` says what to do about a failure or a warning. `seconds` is what the check took.

    >>> finding = Finding("initial loss", "failed", "23.0", "about ln 10", "scale the inputs")
    >>> finding.passed, finding.line()
    (False, 'initial loss: 23.0, expected about ln 10: scale the inputs')
    """

    name: str
    result: Result
    found: str
    expected: str = ""
    remedy: str = ""
    value: float | None = None
    seconds: float = 0.0

    @property
    def passed(self) -> bool | None:
        """Whether it passed; None where there was nothing to pass."""
        return {"passed": True, "warning": True, "failed": False}.get(self.result)

    def line(self) -> str:
        """The finding in one line."""
        expected = f", expected {self.expected}" if self.expected else ""
        return f"{self.name}: {self.found}{expected}{f': {self.remedy}' if self.remedy else ''}"


OnFinding: TypeAlias = Callable[[Finding], None]
"""It hears each finding when it is made."""


def not_applicable(name: str, reason: str) -> Finding:
    """A check that has nothing to say, and why."""
    return Finding(name, "not applicable", reason)


def timed(name: str, make: Callable[[], Finding]) -> Finding:
    """A finding with its seconds; an exception is a failure too."""
    start = time.perf_counter()
    try:
        finding = make()
    except Exception as error:
        finding = broken(name, error)
    return replace(finding, seconds=time.perf_counter() - start)


def broken(name: str, error: Exception) -> Finding:
    """A check that ended with an exception."""
    return Finding(name, "failed", type(error).__name__, "", first_line(error))


@dataclass(frozen=True)
class Report:
    """The findings of all checks, in order.

    >>> report = Report((Finding("gradient", "passed", "2e-08 off", "at most 1e-04"),))
    >>> print(report)
    check     result      found       expected  seconds
    gradient  passed  2e-08 off  at most 1e-04      0.0
    >>> report.passed
    True
    """

    findings: Sequence[Finding]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    @property
    def failed(self) -> list[Finding]:
        """The findings of the checks that failed."""
        return [finding for finding in self.findings if finding.result == "failed"]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that are worth a look and no failure."""
        return [finding for finding in self.findings if finding.result == "warning"]

    def table(self) -> Table:
        """A row for each check."""
        rows = [
            (each.name, each.result, each.found, each.expected or None, each.seconds)
            for each in self.findings
        ]
        columns = ("check", "result", "found", "expected", "seconds")
        return Table(columns, rows, formats={"seconds": ".1f"})

    def json(self) -> str:
        """A list with one object for each check, with its number and its remedy."""
        return json.dumps([_plain(each) for each in self.findings], indent=2, ensure_ascii=False)

    def __str__(self) -> str:
        return self.table().text()

    def _repr_html_(self) -> str:
        return self.table().html()


def report_of(findings: Iterable[Finding], on_finding: OnFinding) -> Report:
    """The report of `findings`; `on_finding` hears each when it is made."""
    heard = []
    for finding in findings:
        on_finding(finding)
        heard.append(finding)
    return Report(tuple(heard))


def _plain(finding: Finding) -> dict[str, str | float | None]:
    """A finding as JSON can hold it, which knows no infinity."""
    value = finding.value if finding.value is not None and math.isfinite(finding.value) else None
    return {**asdict(finding), "value": value, "seconds": round(finding.seconds, 3)}
