"""What each start of a run sets up anew: its data, and the functions compiled for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from dl.data.dataset import Dataset, check_in_memory
from dl.data.example import example_inputs
from dl.runs.experiment import Experiment, build_recipe
from dl.runs.folder import Config, RunFolder
from dl.runs.open_data import open_data
from dl.train.compiled import Compiled, compile_recipe
from dl.train.layout import make_layout
from dl.train.options import TrainOptions
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
        recipe, data, options, layout, steps_per_call=config.steps_per_call if config else 0
    )
