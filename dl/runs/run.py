"""A run from its first step to its result, through any number of interruptions: started, and
resumed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from dl.data.load import absolute
from dl.errors import InputError
from dl.runs.experiment import Experiment
from dl.runs.files import read_json
from dl.runs.folder import Config, RunFolder, make_folder, new_folder, open_folder
from dl.runs.go_on import go_on
from dl.runs.initial import take_initial, write_initial
from dl.runs.lock import locked
from dl.runs.measured import measure_run
from dl.runs.open_data import check_same_data, open_data
from dl.runs.setup import Setup, set_up
from dl.train.interrupt import StopRequest
from dl.train.options import DataOptions


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its folder, and its result, which is None when a signal stopped it."""

    folder: RunFolder
    result: dict[str, Any] | None


def start_run(
    experiment: Experiment,
    options: Any,
    *,
    run_dir: str | Path | None = None,
    init_from: str | Path | None = None,
    init_checkpoint: Literal["last", "best"] = "last",
    freeze: Sequence[str] = (),
    stop: StopRequest,
    show: bool = True,
    profile: bool = False,
    on_start: Callable[[RunFolder, Config], None] = lambda folder, config: None,
) -> Outcome:
    """Run `experiment` in a new folder; `on_start` hears of the folder once it is made. `profile`
    traces some steps.

    With `init_from` it begins with another run's parameters (see `take_initial`); the layers that
    the names and globs in `freeze` mean are left as they are.

    All that can be wrong with the input is found before the folder is made.

    Raises:
        InputError: for options, data or a folder that cannot be used.
        RunError: when training fails; what was saved is kept.
    """
    folder = new_folder(experiment, options.seed, run_dir)
    options = replace(options, dataset=absolute(options.dataset))
    if experiment.measure is not None:
        if init_from or freeze or profile:
            raise InputError(
                f"{experiment.name} trains no net: leave --init-from, --freeze and --profile out"
            )
        return _measured(experiment, options, folder, chosen=run_dir is None, on_start=on_start)
    data, compiled = set_up(experiment, options, freeze=freeze)
    layout, initial = compiled.layout, None
    if init_from is not None:
        initial = take_initial(
            init_from, experiment, options, data.spec, checkpoint=init_checkpoint
        )
    config = Config(
        experiment,
        options,
        options.steps_per_call,
        layout.mode,
        len(layout.devices),
        data.spec,
        freeze=tuple(freeze),
        origin=initial.origin if initial else None,
    )
    folder = make_folder(folder, chosen=run_dir is None)
    with locked(folder.path):
        if initial:
            write_initial(folder, initial)
        config.write(folder)
        on_start(folder, config)
        return Outcome(
            folder,
            go_on(Setup(folder, config, data, compiled), stop=stop, show=show, profile=profile),
        )


def _measured(
    experiment: Experiment,
    options: DataOptions,
    folder: RunFolder,
    *,
    chosen: bool,
    on_start: Callable[[RunFolder, Config], None],
) -> Outcome:
    data = open_data(options)
    config = Config(experiment, options, 0, "none", 0, data.spec)
    folder = make_folder(folder, chosen=chosen)
    with locked(folder.path):
        config.write(folder)
        on_start(folder, config)
        return Outcome(folder, measure_run(folder, config, data))


def resume_run(run: str | Path, *, stop: StopRequest, show: bool = True) -> Outcome:
    """Go on with a run from its newest intact checkpoint, or from step 0 where there is none yet.

    Raises:
        InputError: when the folder is no run, or its checkpoint does not fit.
        RunError: when the data are not those that the run began with.
    """
    folder, config = open_folder(run)
    if folder.is_finished:
        return Outcome(folder, read_json(folder.result))
    with locked(folder.path):
        if config.experiment.measure is not None:
            return Outcome(folder, measure_run(folder, config, open_data(config.options)))
        data, compiled = set_up(config.experiment, config.options, config)
        check_same_data(folder, data)
        return Outcome(folder, go_on(Setup(folder, config, data, compiled), stop=stop, show=show))
