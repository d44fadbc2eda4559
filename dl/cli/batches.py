"""`batches NAME`: which batch sizes of an experiment fit into memory."""

from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

from dl.assess.report import Form
from dl.cli.catalog import Catalog
from dl.cli.named import named_app
from dl.cli.outcome import print_text, say
from dl.errors import InputError
from dl.ranges import Range, check_number


def batches(name: str, /, *, catalog: Annotated[Catalog, Parameter(parse=False)]) -> int:
    """Find the largest batch that fits into memory; `batches NAME --help` shows how.

    Parameters
    ----------
    name
        An experiment, as `list` shows them.
    """
    raise InputError(f"give the experiment first: batches {name} --option value")


def batches_app(catalog: Catalog, name: str) -> cyclopts.App:
    """The parser of `batches NAME`: the memory, and the experiment's options."""
    chosen = catalog.load(name)

    def command(
        *,
        memory: float = 0.0,
        format: Form = "text",
        options: Annotated[Any, Parameter(name="*")],
    ) -> int:
        check_number("memory", memory, Range(at_least=0))
        from dl.cli.machine import set_up_machine

        set_up_machine(1)
        from dl.runs.open_data import open_data
        from dl.search import largest_batch
        from dl.search.one_step import at_a_constant_rate

        data, steady = open_data(options), at_a_constant_rate(options)
        recipe = chosen.recipe(steady, data.spec)
        limit = max(1, int(memory * 2**30)) if memory else None
        found = largest_batch(recipe, data, steady, memory=limit)
        why = "the data allow" if found.takes_all else "fits"
        said = f"--batch-size {found.largest}: the largest that {why}"
        print_text(getattr(found.table(), format)())
        say(said)
        return 0

    return named_app(catalog, "batches", chosen, command, help=_HELP, parameters=_PARAMETERS)


_HELP = """Find the largest batch whose training step fits into the memory of one device.

Steps are compiled for several batch sizes, and none is run. Nothing is written.
"""

_PARAMETERS = """Find.

Parameters
----------
memory
    Memory of the device in GiB; 0 means what it has.
format
    How the table of sizes is printed.
"""
