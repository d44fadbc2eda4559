"""Load the trained model of a run."""

import warnings
from pathlib import Path
from typing import Literal

from dl.errors import InputError
from dl.runs.checkpoint import Checkpoints, DamagedCheckpoint
from dl.runs.experiment_file import load_experiment_file
from dl.runs.folder import Config, RunFolder, open_folder
from dl.runs.open_data import open_data_of
from dl.runs.trained import Trained
from dl.train.compiled import Training, start_training


def load(
    run: str | Path,
    *,
    checkpoint: Literal["last", "best"] = "last",
    experiment: str | Path | None = None,
) -> Trained:
    """The model of the run in folder `run`, with its newest parameters or its best.

    The best have the lowest validation loss. Neither the data nor the devices of the training are
    needed. `experiment` is the file of the run's experiment, if it was started from a file.

    Raises:
        InputError: when the folder is no run, has no checkpoint yet, or one that does not fit.
    """
    if experiment is not None:
        load_experiment_file(experiment)
    folder, config = open_folder(run)
    training, step = restore_training(folder, config, checkpoint=checkpoint)
    return Trained(
        config.build(),
        config.data,
        config.options,
        training.state,
        [record for record in folder.records() if record.step <= step],
        pending=training.totals,
        interrupted=not folder.is_finished,
        open_data=lambda: open_data_of(folder, config),
    )


def restore_training(
    folder: RunFolder, config: Config, *, checkpoint: Literal["last", "best"] = "last"
) -> tuple[Training, int]:
    """The stored state of a run and its step, on one device."""
    like = start_training(config.build(), config.data, config.options)
    if not folder.checkpoints.is_dir():
        raise InputError(f"{folder.path} has no checkpoint yet: go on with `resume {folder.path}`")
    with Checkpoints(folder.checkpoints, keep=config.options.keep, read_only=True) as checkpoints:
        for step in _candidates(checkpoints, folder, checkpoint):
            try:
                return checkpoints.restore(step, like)[0], step
            except DamagedCheckpoint as error:
                warnings.warn(f"{error}; trying the one before it", stacklevel=2)
    raise InputError(f"{folder.path} has no intact checkpoint")


def _candidates(checkpoints: Checkpoints, folder: RunFolder, checkpoint: str) -> list[int]:
    """The steps to try, in order."""
    steps = checkpoints.steps()
    if not steps:
        raise InputError(f"{folder.path} has no checkpoint yet: go on with `resume {folder.path}`")
    if checkpoint == "last":
        return steps[::-1]
    if checkpoint != "best":
        raise InputError(f"checkpoint {checkpoint!r} is not one of last, best")
    best = checkpoints.best_step()
    if best is None or not folder.was_validated():
        raise InputError(
            f"{folder.path} was not validated (--validation 0), so none of its checkpoints is the "
            "best"
        )
    return [best]
