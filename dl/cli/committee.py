"""`committee RUN RUN...`: what several runs answer together."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog
from dl.cli.outcome import describe_values, print_json, say


def committee(
    *runs: Path,
    part: Literal["train", "validation", "test"] = "test",
    checkpoint: Literal["last", "best"] | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Evaluate the mean of the probabilities of several runs; the last line is a JSON object.

    The runs may be of different experiments, but must have the same classes and the same data.

    Parameters
    ----------
    runs
        The folders of two or more runs.
    part
        Which part of the data set.
    checkpoint
        The newest parameters, or those with the lowest validation loss; by default, for each run,
        the latter if it has patience.
    """
    from dl.errors import InputError

    if len(runs) < 2:
        raise InputError(f"a committee has two members or more: give {2 - len(runs)} more run(s)")
    from dl.runs.committee import Committee
    from dl.runs.load import load

    members = tuple(load(run, checkpoint=checkpoint, package=catalog.package) for run in runs)
    together = Committee(members)
    for run, member in zip(runs, members, strict=True):
        say(f"{run}: {describe_values(part, member.evaluate(part))}")
    values = together.evaluate(part)
    say(f"committee of {len(runs)}: {describe_values(part, values)}")
    print_json(values)
