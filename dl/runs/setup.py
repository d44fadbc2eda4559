"""What each start of a run sets up anew: its data, and the functions compiled for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from dl.data.dataset import Dataset, check_in_memory, limit
from dl.data.load import load_data
from dl.errors import RunError
from dl.runs.experiment import Experiment, build_recipe
from dl.runs.folder import Config, RunFolder
from dl.runs.manifest import first_fingerprint
from dl.train.compiled import Compiled, compile_recipe, example_inputs
from dl.train.options import DataOptions, TrainOptions
from dl.train.parallel import make_layout
from dl.train.traced import choose_layout


@dataclass(frozen=True)
class Setup:
    """One start of a run: what is stored of it, and everything that is set up anew each time."""

    folder: RunFolder
    config: Config
    data: Dataset
    compiled: Compiled


def set_up(
    experiment: Experiment,
    options: TrainOptions,
    config: Config | None = None,
    *,
    freeze: Sequence[str] = (),
) -> tuple[Dataset, Compiled]:
    """Data and compiled functions, as first chosen when `config` is given; nothing is written."""
    data = open_data(options)
    if experiment.conclude:
        check_in_memory(data, what=experiment.name)
    if config:
        layout = make_layout(config.parallel, devices=config.devices, batch_size=options.batch_size)
    else:
        layout = choose_layout(
            options, experiment.build(options, data.spec).model, example_inputs(data.spec)
        )
    freeze = config.freeze if config else freeze
    recipe = build_recipe(experiment, options, data.spec, freeze=freeze)
    return data, compile_recipe(
        recipe, data, options, layout, chunk_steps=config.chunk_steps if config else 0
    )


def open_data(options: DataOptions) -> Dataset:
    """The data set that `options` name, cut as they say."""
    data = load_data(
        options.dataset,
        validation=options.validation,
        image_size=options.picture_size,
        random_crops=options.random_crops,
        colour=options.colour,
        damaged=options.damaged,
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
            f"{data.spec.name} has changed since the run began (fingerprint {before[:8]}, now {data.fingerprint[:8]}): "
            f"bring the old data back, or start a new run"
        )
