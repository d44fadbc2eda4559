"""Load the trained model of a run."""

import contextlib
from pathlib import Path
from typing import Literal

from dl.errors import InputError, RunError, first_line
from dl.runs.checkpoint import Checkpoints
from dl.runs.checkpoint_notes import DamagedCheckpoint
from dl.runs.config import Config
from dl.runs.experiment_file import load_experiment_file
from dl.runs.folder import RunFolder, open_folder
from dl.runs.open_data import open_data_of
from dl.runs.stored import read_result
from dl.runs.trained import Trained
from dl.screen import say
from dl.train.devices import find_devices
from dl.train.first import Training, training_shapes


def load(
    run: str | Path,
    *,
    checkpoint: Literal["last", "best"] | None = None,
    package: str = "experiments",
    experiment: str | Path | None = None,
) -> Trained:
    """The model of the run in folder `run`, with its newest parameters ("last") or its "best".

    `run` may also be the name of a run that comes with the package, such as "lenet_digits".
    The best have the lowest validation loss. By default they answer if the run has `patience`, and
    the newest are there too, so that `dl.fit` can go on from them (`resume`).

    Neither the data nor the devices of the training are needed. A folder may come from someone
    else: only experiments of `package` are imported, and nothing else that the folder names.
    `experiment` is the file of the run's experiment, if it was started from a file.

    Raises:
        InputError: when the folder is no run, is damaged, has no checkpoint yet, or one that does
            not fit.

    >>> import dl
    >>> trained = dl.load("lenet_digits")
    >>> trained.predict(trained.open_data().test.inputs[:4]).labels
    ['1', '4', '8', '6']
    """
    if experiment is not None:
        load_experiment_file(experiment)
    trained, remarks = load_with_remarks(run, checkpoint=checkpoint, package=package)
    for remark in remarks:
        say(remark)
    return trained


def load_with_remarks(
    run: str | Path, *, checkpoint: Literal["last", "best"] | None, package: str
) -> tuple[Trained, list[str]]:
    """What `load` returns, and what people should know about it."""
    _check_checkpoint(checkpoint)
    folder, config = open_folder(run, package=package)
    training, step, remarks = _restore(folder, config, checkpoint or "last")
    best = None
    if checkpoint is None and config.options.patience:
        best, _, more = _restore(folder, config, "answering")
        remarks += [remark for remark in more if remark not in remarks]
    history = [record for record in folder.records() if record.step <= step]
    trained = Trained(
        config.build(),
        config.data,
        config.options,
        training.state,
        history,
        pending=training.totals,
        interrupted=not folder.is_finished,
        best=best,
        open_data=lambda: open_data_of(folder, config),
    )
    if step and not history:
        remarks.append(f"{folder.metrics} holds no record, and the history is empty")
    remarks += [edited_since(folder)] if config.edited else []
    return trained, remarks + ([] if checkpoint == "best" else _lost_end(folder, step))


def _lost_end(folder: RunFolder, step: int) -> list[str]:
    """What to say when a finished run has lost the checkpoint of its end."""
    end = step
    if folder.is_finished:
        with contextlib.suppress(InputError):  # `resume` speaks of a broken result
            end = read_result(folder.result)["steps"]
    if end == step or (folder.checkpoints / str(end)).exists():
        return []
    return [f"{folder.path} ended at step {end}, and its newest intact checkpoint is of {step}"]


def damage_of_end(folder: RunFolder, config: Config) -> str:
    """Why the checkpoint of a finished run's end cannot be read; nothing if it can.

    Raises:
        InputError: when the result is broken, or the checkpoint does not fit.
    """
    end = read_result(folder.result)["steps"]
    like, lost = expected_training(folder, config), f"checkpoint {end} of its end is lost"
    if not folder.checkpoints.is_dir():
        return lost
    with Checkpoints(folder.checkpoints, keep=config.options.keep, read_only=True) as checkpoints:
        if end not in checkpoints.steps():
            return lost
        try:
            checkpoints.restore(end, like)
        except DamagedCheckpoint as error:
            return str(error)
    return ""


def edited_since(folder: RunFolder) -> str:
    """What to say about a config.json that is not as it was written."""
    return (
        f"{folder.config} was changed since the run wrote it: figures may be others than the run's"
    )


def restore_training(
    folder: RunFolder, config: Config, *, checkpoint: Literal["last", "best"] | None = None
) -> tuple[Training, int]:
    """The stored state of a run and its step, on one device; see `load`."""
    training, step, remarks = _restore(folder, config, checkpoint or "answering")
    for remark in remarks:
        say(remark)
    return training, step


def _restore(folder: RunFolder, config: Config, checkpoint: str) -> tuple[Training, int, list[str]]:
    """The state, its step, and which damaged checkpoints it was taken instead of."""
    like = expected_training(folder, config)
    if not folder.checkpoints.is_dir():
        raise InputError(f"{folder.path} has no checkpoint yet: go on with `resume {folder.path}`")
    with Checkpoints(folder.checkpoints, keep=config.options.keep, read_only=True) as checkpoints:
        damaged: list[str] = []
        for step in _candidates(checkpoints, folder, config, checkpoint):
            try:
                training = checkpoints.restore(step, like)[0]
            except DamagedCheckpoint as error:
                damaged.append(str(error))
                continue
            taken = f"{_few(damaged)}; taking that of step {step}"
            return training, step, [taken] if damaged else []
    which = "best" if checkpoint == "best" else "intact"
    raise InputError(
        f"{folder.path} has no {which} checkpoint that can be read ({_few(damaged)}): bring back "
        f"a copy of it, or train again with `resume {folder.path}`"
    )


def _few(lines: list[str]) -> str:
    return "; ".join(lines[:3]) + (f" and {len(lines) - 3} more" if len(lines) > 3 else "")


def expected_training(folder: RunFolder, config: Config) -> Training:
    """The shapes of the state and the totals that the run's checkpoints hold.

    Raises:
        InputError: when config.json gives no model, or the devices asked for are not here.
    """
    find_devices()
    try:
        recipe = config.build()
        return training_shapes(recipe, config.data, config.options)
    except (InputError, RunError):
        raise
    except Exception as error:  # whatever a model does with sizes that no data set has
        raise InputError(
            f"{folder.config} describes no model that can be built ({first_line(error)}): bring "
            "back a copy of it"
        ) from error


def _check_checkpoint(checkpoint: str | None) -> None:
    if checkpoint not in ("last", "best", None):
        raise InputError(f"checkpoint {checkpoint!r} is not one of last, best")


def _candidates(
    checkpoints: Checkpoints, folder: RunFolder, config: Config, checkpoint: str
) -> list[int]:
    """The steps to try, in order.

    What is "answering" is the best of those that can be read, if the run has patience and was
    validated, else the last.
    """
    steps = checkpoints.steps()
    if not steps:
        raise InputError(f"{folder.path} has no checkpoint yet: go on with `resume {folder.path}`")
    if checkpoint == "last" or (checkpoint == "answering" and not config.options.patience):
        return steps[::-1]
    try:
        best = checkpoints.best_steps()
    except DamagedCheckpoint as error:
        raise InputError(f"{error}: which is the best is not known, take the last") from None
    if checkpoint == "answering":
        return best or steps[::-1]
    if not best or not folder.was_validated():
        raise InputError(
            f"{folder.path} was not validated (--validation 0), so none of its checkpoints is the "
            "best"
        )
    return best[:1]
