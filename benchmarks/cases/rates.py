"""Sixteen learning rates of one net, an epoch each, side by side in one program or one by one.

The nets and their options are those of the experiments mlp_mnist and lenet_mnist, on generated
pictures. Both ways use the runner's own loop; one by one, all rates share one compiled program.
"""

from functools import cache

import numpy as np

from benchmarks.measure import Workload
from benchmarks.pictures import make_batch
from benchmarks.systems import on_dl

UNIT = "examples/s"
FAMILIES = {"rates": {"rates_mlp": "mlp_mnist", "rates_lenet": "lenet_mnist"}}
RATES = tuple(np.logspace(-4, -2, 16).tolist())
_PICTURES, _FEW = 6400, 640


def side_by_side(experiment: str, quick: bool) -> Workload:
    return _workload(experiment, RATES, quick)


def one_by_one(experiment: str, quick: bool) -> Workload:
    runs = [_workload(experiment, (rate,), quick) for rate in RATES]
    return Workload(
        lambda: [each.run() for each in runs], sum(each.amount for each in runs), runs[0].note
    )


SYSTEMS = {"dl": side_by_side, "dl one by one": one_by_one}


def _workload(experiment: str, rates: tuple[float, ...], quick: bool) -> Workload:
    """An epoch of the experiment's net at these rates."""
    from dl.runs.experiment import load_experiment

    loaded = load_experiment(f"experiments.{experiment}")
    options = loaded.options(
        epochs=1, validation=0.0, learning_rate=rates[0], members=len(rates), schedule="constant"
    )
    data = _data(_FEW if quick else _PICTURES)
    recipe = loaded.recipe(options, data.spec)
    if len(rates) > 1:
        recipe = recipe.varied({"learning_rate": rates})
    return on_dl.training_workload(recipe, data, options)


@cache
def _data(count: int):
    return on_dl.as_data(*make_batch(count))
