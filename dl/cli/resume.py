"""`resume RUN`: continue an interrupted run or search."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import leave_at_once, report_outcome
from dl.cli.search import make_search
from dl.errors import InputError


def resume(
    run: Path,
    /,
    *,
    experiment: Path | None = None,
    devices: int = 0,
    quiet: bool = False,
    page: Annotated[bool, Parameter(negative="--no-page")] = True,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> int:
    """Resume a run or a search; the result is as if it had never stopped.

    Parameters
    ----------
    run
        The folder of the run or search.
    experiment
        The file of its experiment, if it was started with `run FILE.py` or `search FILE.py`.
    devices
        Go on with another number of devices than before; 0 takes the same number. The result is the
        same to rounding.
    quiet
        No progress.
    page
        Write report.html, the page of the run, when it ends; not if it was finished before.
        DL_NO_PAGE=1 in the environment leaves it out of all runs.
    """
    name_experiment(experiment)
    if devices and (run / "search.json").exists():
        raise InputError("a search keeps the devices that it began with: leave --devices out")
    if (run / "search.json").exists():
        return _resume_search(run, catalog, quiet=quiet)
    from dl.cli.machine import set_up_machine
    from dl.runs.folder import open_folder

    folder, config = open_folder(run, package=catalog.package)
    page = page and not folder.is_finished
    set_up_machine(devices or config.devices)
    from dl.runs.run import resume_run
    from dl.train.interrupt import StopRequest, say_stopping

    with StopRequest(leave_at_once, say_stopping) as stop:
        outcome = resume_run(
            run, stop=stop, show=not quiet, package=catalog.package, devices=devices
        )
        return report_outcome(outcome, stop, config, package=catalog.package, page=page)


def _resume_search(path: Path, catalog: Catalog, *, quiet: bool) -> int:
    from dl.cli.machine import set_up_machine
    from dl.runs.search_folder import open_search

    folder, planned = open_search(path, package=catalog.package)
    set_up_machine(planned.options.devices)
    return make_search(planned, folder, catalog=catalog, quiet=quiet)
