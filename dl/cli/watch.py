"""`watch RUN`: follow a run that another process trains."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.next_steps import command
from dl.cli.outcome import describe_cost, describe_values, leave_at_once, print_text, say
from dl.errors import InputError
from dl.ranges import Range, check_number

if TYPE_CHECKING:
    from dl.runs.config import Config
    from dl.runs.folder import RunFolder


def watch(
    run: Path,
    /,
    *,
    browser: Annotated[bool, Parameter(negative=())] = False,
    port: int = 0,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> int:
    """Follow a run from a second terminal: a line for each record, until the run ends.

    Nothing is written into the run's folder, and Ctrl-C ends the watching alone. It exits with 1
    when the run ended without a result.

    Parameters
    ----------
    run
        The folder of the run.
    browser
        Serve the page of the run too, which follows it: on this machine alone (127.0.0.1), at an
        address that nobody can guess. It is served until Ctrl-C.
    port
        The port of that address; 0 takes a free one.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    check_number("port", port, Range(at_least=0, at_most=65535), whole=True)
    if port and not browser:
        raise InputError(f"--port {port} is for --browser: give it too")
    if (run / "search.json").exists():
        raise InputError(f"{run} is the folder of a search: watch one of the runs in its groups/")
    from dl.runs.folder import open_folder
    from dl.train.interrupt import StopRequest

    folder, config = open_folder(run, package=catalog.package)
    with StopRequest(leave_at_once) as stop:
        with _served(folder, catalog.package, port) if browser else contextlib.nullcontext():
            _tell_records(folder, config, lambda: stop.requested)
            code = _tell_end(folder, config, catalog.package, stopped=stop.requested)
            if browser and not stop.requested:
                say("Ctrl-C ends the page")
                _wait(lambda: stop.requested)
        return code if stop.number is None or stop.signal_name == "SIGINT" else stop.exit_code


@contextlib.contextmanager
def _served(folder: "RunFolder", package: str, port: int) -> Iterator[None]:
    from dl.reports.page.serve import LivePage, PageServer

    with PageServer(LivePage(folder, package=package), port=port) as server:
        say(f"page: {server.address}")
        yield


def _tell_records(folder: "RunFolder", config: "Config", stop: Callable[[], bool]) -> None:
    from dl.reports.follow import follow
    from dl.train.progress_text import describe

    epochs = getattr(config.options, "epochs", 0)
    for record in follow(folder, stop=stop):
        done = f"{100 * record.epoch / epochs:3.0f} %  " if epochs else ""
        print_text(f"{done}{describe(record, epochs=epochs)}")


def _tell_end(folder: "RunFolder", config: "Config", package: str, *, stopped: bool) -> int:
    """Say how the run ended, if it did; returns the exit code."""
    from dl.runs.stored import read_result

    if folder.is_finished:
        result = read_result(folder.result)
        for part, values in result["metrics"].items():
            print_text(describe_values(part, values))
        say(f"finished: {describe_cost(result)}")
        return 0
    if stopped:
        say("watching ends; the run goes on")
        return 0
    again = command(package, "resume", folder.path, config)
    say(f"no process trains in {folder.path}, and it has no result. Go on with: {again}")
    return 1


def _wait(stop: Callable[[], bool]) -> None:
    import time

    while not stop():
        time.sleep(0.2)
