"""`resume RUN`: continue an interrupted run."""

from pathlib import Path

from dl.cli.outcome import leave_at_once, report_outcome, say


def resume(run: Path, *, quiet: bool = False) -> int:
    """Resume a run from its newest intact checkpoint; the result is as if it had never stopped.

    Parameters
    ----------
    run
        The run's folder.
    quiet
        No progress.
    """
    from dl.cli.machine import set_up_machine
    from dl.runs.folder import open_folder

    folder, config = open_folder(run)
    if folder.is_finished:
        say(f"{run} is finished already")
    set_up_machine(config.devices)
    from dl.runs.run import resume_run
    from dl.train.interrupt import StopRequest, say_stopping

    with StopRequest(leave_at_once, say_stopping) as stop:
        return report_outcome(resume_run(run, stop=stop, show=not quiet), stop)
