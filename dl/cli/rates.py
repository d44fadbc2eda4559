"""`rates NAME`: the learning-rate range test of an experiment."""

from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

from dl.assess.report import Form
from dl.cli.catalog import Catalog
from dl.cli.named import named_app
from dl.cli.outcome import print_text, say
from dl.cli.plot import check_picture_file
from dl.errors import InputError


def rates(name: str, /, *, catalog: Annotated[Catalog, Parameter(parse=False)]) -> int:
    """Propose a learning rate by a range test; `rates NAME --help` shows how.

    Parameters
    ----------
    name
        An experiment, as `list` shows them.
    """
    raise InputError(f"give the experiment first: rates {name} --option value")


def rates_app(catalog: Catalog, name: str) -> cyclopts.App:
    """The parser of `rates NAME`: the test, and the experiment's options."""
    chosen = catalog.load(name)

    def command(
        *,
        low: float = 1e-5,
        high: float = 10.0,
        steps: int = 100,
        format: Form = "text",
        output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
        options: Annotated[Any, Parameter(name="*")],
    ) -> int:
        from dl.cli.machine import set_up_machine

        if output is not None:
            check_picture_file(output)
        set_up_machine(1)
        from dl.runs.open_data import open_data
        from dl.search import range_test
        from dl.search.one_step import at_a_constant_rate

        data, steady = open_data(options), at_a_constant_rate(options)
        recipe = chosen.recipe(steady, data.spec)
        found = range_test(recipe, data, steady, low=low, high=high, steps=steps)
        print_text(getattr(found.table(), format)())
        say(
            f"the loss falls fastest at {found.steepest:.2g} and is lowest at {found.lowest:.2g}; "
            f"try --learning-rate {found.proposed:.2g}"
        )
        if output is not None:
            from dl.plots import range_test_curve, save

            say(f"picture written to {save(range_test_curve(found), output)}")
        return 0

    return named_app(catalog, "rates", chosen, command, help=_HELP, parameters=_PARAMETERS)


_HELP = """Propose a learning rate: train some steps at a rising rate, and see where the loss falls.

The schedule of the options is left out. Nothing is written.
"""

_PARAMETERS = """Propose.

Parameters
----------
low
    The first rate.
high
    The last rate; the test ends before it when training diverges.
steps
    How many steps, at least 20.
format
    How the table of losses is printed.
output
    Also draw the losses over the rates into this file: .png, .svg or .pdf.
"""
