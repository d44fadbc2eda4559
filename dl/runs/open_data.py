"""Open the data of a run, and check that they have not changed since it began."""

from dl.data.dataset import Dataset, limit
from dl.data.load import load_data
from dl.errors import RunError
from dl.runs.folder import Config, RunFolder
from dl.runs.manifest import first_fingerprint
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
    )
    data = limit(data, train=options.train_examples) if options.train_examples else data
    options.check_data(data)
    return data


def check_same_data(folder: RunFolder, data: Dataset) -> None:
    """Raise a `RunError` unless the data are, bit for bit, those that the run began with."""
    before = first_fingerprint(folder.manifest) or data.fingerprint
    if before != data.fingerprint:
        raise RunError(
            f"{data.spec.name} has changed since the run began (fingerprint {before[:8]}, now "
            f"{data.fingerprint[:8]}): "
            f"bring the old data back, or start a new run"
        )


def open_data_of(folder: RunFolder, config: Config) -> Dataset:
    """The data that a run was trained on.

    Raises:
        RunError: when the data are not those that the run began with.
    """
    data = open_data(config.options)
    check_same_data(folder, data)
    return data
