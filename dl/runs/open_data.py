"""Open the data of a run, and check that they have not changed since it began."""

import numpy as np

from dl.data.dataset import Dataset, DataSpec, limit
from dl.data.load import load_data
from dl.errors import InputError, RunError
from dl.runs.config import Config
from dl.runs.folder import RunFolder
from dl.runs.manifest import first_start
from dl.train.options import DataOptions


def open_data(options: DataOptions) -> Dataset:
    """The data set that `options` name, limited to `options.train_examples`."""
    data = load_data(
        options.dataset,
        validation=options.validation,
        image_size=options.picture_size,
        random_crops=options.random_crops,
        colour=options.colour,
        damaged=options.damaged,
        max_megapixels=options.max_megapixels,
        reading=options.reading,
        listening=options.listening,
        feedback=options.feedback,
    )
    data = limit(data, train=options.train_examples) if options.train_examples else data
    options.check_data(data)
    return data


def check_same_data(folder: RunFolder, config: Config, data: Dataset) -> None:
    """Check that the data are, bit for bit, those that the run began with.

    Raises:
        RunError: when they are not.
        InputError: when config.json tells other things than the data and the first start.
    """
    start = first_start(folder.manifest)
    before = start["dataset_fingerprint"] if start else data.fingerprint
    if before != data.fingerprint:
        raise RunError(
            f"{data.spec.name} has changed since the run began (fingerprint {before[:8]}, now "
            f"{data.fingerprint[:8]}): "
            f"bring the old data back, or start a new run"
        )
    if start and start["seed"] != config.options.seed:
        raise InputError(
            f"{folder.config}: options.seed is {config.options.seed}, and in {folder.manifest} "
            f"the run began with {start['seed']}: bring the old files back"
        )
    _check_described(folder, config.data, data.spec)


def _check_described(folder: RunFolder, stored: DataSpec, data: DataSpec) -> None:
    """Refuse a description in config.json that is not that of the data themselves."""
    for name in ("task", "input_shape", "input_dtype", "classes", "train_size", "mean", "std"):
        was, now = getattr(stored, name), getattr(data, name)
        same = np.allclose(was, now, rtol=1e-5) if name in ("mean", "std") else was == now
        if not same:
            raise InputError(
                f"{folder.config}: data.{name} is {was}, that of {data.name} is {now}: bring back "
                "a copy of the file"
            )


def open_data_of(folder: RunFolder, config: Config) -> Dataset:
    """The data that a run was trained on.

    Raises:
        RunError: when the data are not those that the run began with.
    """
    data = open_data(config.options)
    check_same_data(folder, config, data)
    return data
