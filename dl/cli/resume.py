"""`resume RUN`: continue an interrupted run or search."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import report_outcome, stop_request
from dl.cli.search import make_search
from dl.errors import InputError
from dl.runs.joining import NOT_ASKED, Joining

if TYPE_CHECKING:
    from dl.runs.group import Group


def resume(
    run: Path,
    /,
    *,
    experiment: Path | None = None,
    devices: int = 0,
    quiet: bool = False,
    grace: float = 0.0,
    page: Annotated[bool, Parameter(negative="--no-page")] = True,
    joining: Annotated[Joining, Parameter(name="*")] = NOT_ASKED,
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
    grace
        Seconds that a signal leaves for the save; later the run says so and leaves. 0 takes as long
        as it needs.
    page
        Write report.html, the page of the run, when it ends; not if it was finished before.
        DL_NO_PAGE=1 in the environment leaves it out of all runs.
    """
    name_experiment(experiment)
    if (run / "search.json").exists() and joining.is_asked:
        raise InputError("a search trains in one process: start one")
    if devices and (run / "search.json").exists():
        raise InputError("a search keeps the devices that it began with: leave --devices out")
    if (run / "search.json").exists():
        return _resume_search(run, catalog, quiet=quiet, grace=grace)
    from dl.runs.joined import joined

    with joined(joining) as group:
        return _resume_run(run, catalog, group, devices, quiet=quiet, grace=grace, page=page)


def _resume_run(
    run: Path,
    catalog: Catalog,
    group: "Group",
    devices: int,
    *,
    quiet: bool,
    grace: float,
    page: bool,
) -> int:
    from dl.cli.machine import set_up_machine
    from dl.runs.agreement import made_by_all
    from dl.runs.folder import open_folder

    folder, config = made_by_all(
        group, lambda: open_folder(run, package=catalog.package), lambda made: {}
    )
    page = page and group.is_first and not folder.is_finished
    set_up_machine(-(-(devices or config.devices) // group.count))
    from dl.runs.run import resume_run

    how: dict[str, Any] = {
        "show": not quiet,
        "package": catalog.package,
        "group": group,
        "devices": devices,
    }
    with stop_request(grace) as stop:
        outcome = resume_run(run, stop=stop, **how)
        return report_outcome(outcome, stop, config, package=catalog.package, page=page)


def _resume_search(path: Path, catalog: Catalog, *, quiet: bool, grace: float) -> int:
    from dl.cli.machine import set_up_machine
    from dl.runs.search_folder import open_search

    folder, planned = open_search(path, package=catalog.package)
    set_up_machine(planned.options.devices)
    return make_search(planned, folder, catalog=catalog, quiet=quiet, grace=grace)
