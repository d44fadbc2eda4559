"""`check NAME`: whether an experiment can learn, before it is trained for long."""

from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import Parameter

from dl.assess.report import Form
from dl.cli.catalog import Catalog
from dl.cli.named import named_app
from dl.cli.outcome import print_json_text, print_text, say
from dl.errors import InputError

if TYPE_CHECKING:
    from dl.checks.finding import Finding, Report
    from dl.runs.experiment import Experiment


def check(name: str, /, *, catalog: Annotated[Catalog, Parameter(parse=False)]) -> int:
    """Check an experiment before it is trained for long; `check NAME --help` shows its options.

    Parameters
    ----------
    name
        An experiment, as `list` shows them, or a file of your own with one.
    """
    raise InputError(f"give the experiment first: check {name} --option value")


def check_app(catalog: Catalog, name: str) -> cyclopts.App:
    """The parser of `check NAME`: the experiment's options, and those of checking."""
    chosen = catalog.load(name)

    def command(
        *,
        options: Annotated[Any, Parameter(name="*")],
        only: Annotated[list[str] | None, Parameter(consume_multiple=True, negative="")] = None,
        format: Form = "text",
    ) -> int:
        return _check(chosen, options, [check.replace("-", " ") for check in only or ()], format)

    return named_app(
        catalog, "check", chosen, command, help=_HELP, parameters=_PARAMETERS, may_count=True
    )


_HELP = """Check an experiment before it is trained for long. Nothing is written.

The checks are: data (shares of the classes, mean and deviation of the inputs), memory (what a step
needs), initial-loss (beside ln K of K equal outputs), gradient (beside finite differences),
one-batch (are a few examples learned by heart?), dry-run (four real steps: finite numbers, every
parameter moved), compilations (one for each shape of batch), resume (two steps, a checkpoint and
two steps have the bits of four), units (dead and saturated ones by layer).

The exit code is 1 if a check fails, with one line for each.
"""

_PARAMETERS = """Check.

Parameters
----------
only
    Make only these checks.
format
    A table for people, Markdown, CSV, or JSON with the numbers and the remedies.
"""


def _check(experiment: "Experiment", options: Any, only: list[str], format: str) -> int:
    from dl.cli.machine import set_up_machine

    set_up_machine(getattr(options, "devices", 1))
    report = _report(experiment, options, only)
    if format == "json":
        print_json_text(report.json())
    else:
        print_text(getattr(report.table(), format)())
    for finding in report.warnings:
        say(f"warning: {finding.line()}")
    for finding in report.failed:
        say(f"failed: {finding.line()}")
    return 0 if report.passed else 1


def _report(experiment: "Experiment", options: Any, only: list[str]) -> "Report":
    from dl.checks.check import check
    from dl.checks.counting import check_counting
    from dl.runs.open_data import open_data

    def tell(finding: "Finding") -> None:
        say(f"{finding.name}: {finding.result} ({finding.seconds:.1f} s)")

    data = open_data(options)
    if experiment.count is not None:
        if only:
            raise InputError(f"{experiment.name} counts and has no net: leave --only out")
        return check_counting(experiment.count, options, data, on_finding=tell)
    recipe = experiment.recipe(options, data.spec)
    return check(recipe, data, options, only=only, on_finding=tell)
