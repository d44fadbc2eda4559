"""The metrics of a stored run on any part of its data."""

from pathlib import Path
from typing import Literal

from dl.runs.folder import open_folder
from dl.runs.load import restore_training
from dl.runs.setup import check_same_data, open_data
from dl.train.compiled import compile_parts
from dl.train.parallel import make_layout


def evaluate_run(
    run: str | Path, *, part: str = "test", checkpoint: Literal["last", "best"] = "last"
) -> tuple[dict[str, float], int]:
    """Metrics of the run in folder `run` on a part of its data set, and the step of its parameters.

    Raises:
        InputError: when the folder is no run or the data set has no such part.
        RunError: when the data are not those that the run was trained on.
    """
    folder, config = open_folder(run)
    training, step = restore_training(folder, config, checkpoint=checkpoint)
    data = open_data(config.options)
    check_same_data(folder, data)
    parts = config.experiment.build(config.options, config.data)
    layout = make_layout("jit", devices=1, batch_size=config.options.batch_size)
    compiled = compile_parts(parts, data, config.options, layout, chunk_steps=config.chunk_steps)
    return compiled.evaluate(training.state, part), step
