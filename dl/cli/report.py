"""`report RUN...`: the page of a run, or of several side by side."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text
from dl.errors import InputError


def report(
    *runs: Path,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    predictions: Annotated[bool, Parameter(negative="--no-predictions")] = True,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Write the page of a run: a file that any browser shows, without a network.

    It has the result beside what is expected, the curves, the confusion matrix with the examples
    behind its cells, the worst mistakes, texts of language models, the layers, the options, and how
    the run was made. Several runs share their curves, and the page says where they differ.

    Parameters
    ----------
    runs
        Folders of runs, finished or not.
    output
        The file to write; by default report.html, of one run in its folder, of several here.
    predictions
        Let the trained model answer for the test part; --no-predictions leaves its mistakes out.
    experiment
        The file of the runs' experiment, if they were started with `run FILE.py`.
    """
    if not runs:
        raise InputError("give the folder of a run, or of several: report RUN")
    name_experiment(experiment)
    for run in runs:
        _refuse_search(run)
    from dl.reports.page.write import write_page

    path = write_page(runs, output, predictions=predictions, package=catalog.package)
    print_text(str(path))


def _refuse_search(path: Path) -> None:
    if (path / "search.json").exists():
        raise InputError(
            f"{path} is the folder of a search: its best trial is a run, give {path / 'best'}"
        )
