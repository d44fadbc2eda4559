"""A run of an experiment that trains no net: what it measures is written."""

import time
from typing import Any

from dl.data.dataset import Dataset
from dl.runs.files import write_json
from dl.runs.folder import Config, RunFolder
from dl.runs.manifest import add_to_manifest, device_name
from dl.runs.open_data import check_same_data


def measure_run(folder: RunFolder, config: Config, data: Dataset) -> dict[str, Any]:
    """Measure, and write the result and return it; there is nothing to go on from before that.

    Raises:
        RunError: when the data are not those that the run began with.
    """
    check_same_data(folder, data)
    add_to_manifest(
        folder.manifest,
        fingerprint=data.fingerprint,
        seed=config.options.seed,
        devices=1,
        origin=config.origin,
    )
    assert config.experiment.measure is not None
    start = time.perf_counter()
    figures, parameters = config.experiment.measure(config.options, data)
    result = {
        "experiment": config.experiment.name,
        "metrics": figures,
        "wall_seconds": round(time.perf_counter() - start, 3),
        "compile_seconds": 0.0,
        "examples_per_second": None,
        "parameters": parameters,
        "device": device_name(),
        "steps": 0,
    }
    write_json(folder.result, result)
    return result
