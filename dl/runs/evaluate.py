"""The metrics of a stored run on any part of its data."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from dl.data.dataset import Dataset, DataSpec
from dl.data.load import can_be_resized, load_data
from dl.errors import InputError, RunError, first_line
from dl.runs.config import Config
from dl.runs.folder import open_folder
from dl.runs.load import load_with_remarks
from dl.runs.trained import Trained
from dl.screen import say
from dl.tables import times


def evaluate_run(
    run: str | Path,
    *,
    part: str = "test",
    checkpoint: Literal["last", "best"] = "last",
    dataset: str | None = None,
    package: str = "experiments",
) -> tuple[dict[str, float], int]:
    """Metrics of the run in folder `run` on a part of its data, and the step of its parameters.

    `dataset` names another data set to evaluate on. It is normalised like the run's own; pictures
    of a folder, or of many sizes, get the size and channels that the model takes. The run's
    experiment is one of `package`.

    Raises:
        InputError: when the folder is no run, the data set has no such part, or `dataset` does not
            fit the model.
        RunError: when the data are not those that the run was trained on.
    """
    config = open_folder(run, package=package)[1]
    trained, remarks = load_with_remarks(run, checkpoint=checkpoint, package=package)
    data = None if dataset is None else _other_data(dataset, config)
    values = _metrics(trained, part, data, config)
    for remark in remarks:  # beside figures only: a refusal is one line
        say(remark)
    return values, trained.step


def _metrics(trained: Trained, part: str, data: Dataset | None, config: Config) -> dict[str, float]:
    try:
        return trained.evaluate(part, data=data)
    except (InputError, RunError, OSError):
        raise
    except Exception as error:
        if not config.edited:
            raise
        raise InputError(
            f"config.json was changed, and asks for what cannot be evaluated "
            f"({first_line(error)}): bring back a copy of it"
        ) from error


def _other_data(dataset: str, config: Config) -> Dataset:
    """The data set `dataset`, with the description of the data that the model was built for."""
    own = config.data
    reading = config.options.reading
    asked: dict[str, Any] = {}
    if len(own.input_shape) == 3 and can_be_resized(dataset):
        asked["image_size"] = own.input_shape[:2]
    if len(own.input_shape) == 3 and dataset.startswith("folder:"):
        asked |= {
            "colour": "rgb" if own.input_shape[2] == 3 else "grey",
            "damaged": config.options.damaged,
        }
    data = load_data(
        dataset,
        validation=config.options.validation,
        random_crops=own.view == "middle",
        reading=replace(reading, vocabulary=own.vocabulary) if reading else None,
        **asked,
    )
    check_same_kind(data.spec, own)
    return replace(data, spec=replace(own, name=data.spec.name))


def check_same_kind(data: DataSpec, trained: DataSpec) -> None:
    """Refuse data with inputs or classes of another kind than those of `trained`.

    Raises:
        InputError: for other inputs, another task or another number of classes. Other names of
            classes only give a warning.

    >>> spec = DataSpec("digits", "classification", (28, 28, 1), "uint8", ("0", "1"), 100)
    >>> check_same_kind(replace(spec, name="photos", input_shape=(32, 32, 3)), spec)
    Traceback (most recent call last):
    dl.errors.InputError: photos has inputs 32×32×3 (uint8), the model was trained on 28×28×1 ...
    """
    inputs, own_inputs = map(_inputs, (data, trained))
    if inputs != own_inputs:
        raise InputError(
            f"{data.name} has inputs {inputs}, the model was trained on {own_inputs}: give data "
            "of its kind"
        )
    if (data.task, data.classes) != (trained.task, trained.classes):
        raise InputError(
            f"{data.name} has {_classes(data)}, the model was trained on {_classes(trained)}: "
            "give data of its kind"
        )
    if data.class_names != trained.class_names:
        warnings.warn(
            f"{data.name} has {_classes(data)}, the model was trained on {_classes(trained)}: "
            "compared by number",
            stacklevel=2,
        )


def _inputs(spec: DataSpec) -> str:
    if spec.ragged:  # the longest may be of any length
        return "×".join(
            ["sequences", times(spec.input_shape[1:])]
            if spec.input_shape[1:]
            else ["sequences of symbols"]
        )
    return f"{times(spec.input_shape)} ({spec.input_dtype})"


def _classes(spec: DataSpec) -> str:
    if spec.kind.predicts_symbols:
        return f"a next symbol out of {spec.classes}"
    shown = spec.class_names if spec.classes <= 12 else (*spec.class_names[:10], "…")
    return f"{spec.classes} {spec.kind.outputs} ({', '.join(shown)})"
