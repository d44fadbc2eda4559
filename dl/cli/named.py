"""Parsers of the verbs `VERB NAME` that take the options of an experiment."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import cyclopts
from cyclopts import Parameter

from dl.cli.catalog import Catalog
from dl.cli.docstring import join_descriptions, rewrap
from dl.cli.run import convert, options_help
from dl.errors import InputError

if TYPE_CHECKING:
    from dl.runs.experiment import Experiment


def named_app(
    catalog: Catalog,
    verb: str,
    chosen: "Experiment",
    command: Callable[..., int],
    *,
    help: str,
    parameters: str,
    may_count: bool = False,
) -> cyclopts.App:
    """The parser of `verb NAME`, whose `command` takes the `options` of the `chosen` experiment.

    `parameters` is the docstring of the command's other parameters.

    Raises:
        InputError: for an experiment that counts, unless the command `may_count`.
    """
    if chosen.count is not None and not may_count:
        raise InputError(f"{chosen.name} counts, and trains no net: {verb} has nothing to try")
    app = cyclopts.App(
        name=f"python -m {catalog.package} {verb} {chosen.file or chosen.name}",
        help=rewrap(help),
        version_flags=[],
        help_format="plaintext",
        default_parameter=Parameter(converter=convert),
    )
    command.__doc__ = join_descriptions(parameters) + options_help(chosen.options)
    command.__annotations__["options"] = Annotated[chosen.options, Parameter(name="*")]
    command.__kwdefaults__ = {**(command.__kwdefaults__ or {}), "options": chosen.options()}
    app.default(command)
    return app
