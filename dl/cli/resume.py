"""`resume RUN`: continue an interrupted run."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import leave_at_once, report_outcome


def resume(
    run: Path,
    /,
    *,
    experiment: Path | None = None,
    quiet: bool = False,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> int:
    """Resume a run from its newest intact checkpoint; the result is as if it had never stopped.

    Parameters
    ----------
    run
        The run's folder.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    quiet
        No progress.
    """
    name_experiment(experiment)
    from dl.cli.machine import set_up_machine
    from dl.runs.folder import open_folder

    config = open_folder(run, package=catalog.package)[1]
    set_up_machine(config.devices)
    from dl.runs.run import resume_run
    from dl.train.interrupt import StopRequest, say_stopping

    with StopRequest(leave_at_once, say_stopping) as stop:
        outcome = resume_run(run, stop=stop, show=not quiet, package=catalog.package)
        return report_outcome(outcome, stop, config, package=catalog.package)
