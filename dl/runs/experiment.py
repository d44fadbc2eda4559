"""What an experiment module offers."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dl.data.dataset import Dataset, DataSpec
from dl.errors import InputError
from dl.train.freeze import freeze as freeze_layers
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.types import Params

Conclusion = Callable[[Any, Params, Dataset], dict[str, dict[str, float]]]
"""Options, parameters, data in memory -> further figures for result.json: name to metrics."""


Measure = Callable[[Any, Dataset], tuple[dict[str, dict[str, float]], int]]
"""Options, data -> figures of each part, as in result.json, and how many numbers are stored."""


Build = Callable[[Any, DataSpec], Recipe]
"""Options, description of the data -> what is trained."""


@dataclass(frozen=True)
class Experiment:
    """One experiment module: a dataclass of options, a pure `build`, an optional `conclude`.

    A module that trains no net has `measure` instead of `build`; its `build` raises an
    `InputError`.
    """

    name: str
    module: str
    options: type[Any]
    build: Build
    conclude: Conclusion | None = None
    measure: Measure | None = None


def build_recipe(
    experiment: Experiment,
    options: TrainOptions,
    spec: DataSpec,
    *,
    freeze: Sequence[str] = (),
) -> Recipe:
    """What `experiment` builds for these data, with the layers named in `freeze` left untrained."""
    return freeze_layers(experiment.build(options, spec), freeze)


def load_experiment(module: str) -> Experiment:
    """The experiment in the module with this full name, such as `experiments.lenet_digits`.

    Raises:
        InputError: when there is no such module, or it lacks `Options`, or `build` and `measure`.
    """
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module and not module.startswith(f"{error.name}."):
            raise
        raise InputError(
            f"there is no experiment module {module}: is its package installed?"
        ) from None
    measure, build = getattr(loaded, "measure", None), getattr(loaded, "build", None)
    if not (hasattr(loaded, "Options") and (build or measure)):
        raise InputError(f"{module} is no experiment: it must define Options and build")
    name = module.rpartition(".")[2]
    return Experiment(
        name,
        module,
        loaded.Options,
        build or _no_net(name),
        getattr(loaded, "conclude", None),
        measure,
    )


def _no_net(name: str) -> Build:
    def build(options: Any, data_spec: DataSpec) -> Recipe:
        raise InputError(f"{name} counts and has no net: its figures are in result.json")

    return build
