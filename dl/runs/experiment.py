"""What an experiment module offers."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dl.data.dataset import Dataset, DataSpec
from dl.errors import InputError
from dl.train.compiled import Parts
from dl.train.freeze import freeze as freeze_layers
from dl.train.options import TrainOptions
from dl.types import Params

Conclusion = Callable[[Any, Params, Dataset], dict[str, dict[str, float]]]
"""Options, parameters and data, which are in memory -> further figures for result.json, name to metrics."""


class Build(Protocol):
    def __call__(self, options: Any, data_spec: DataSpec, *, axis_name: str | None = None) -> Parts: ...


@dataclass(frozen=True)
class Experiment:
    """One experiment module: its options (a dataclass), its pure `build`, and an optional `conclude`."""

    name: str
    module: str
    options: type[TrainOptions]
    build: Build
    conclude: Conclusion | None = None


def build_parts(
    experiment: Experiment,
    options: TrainOptions,
    spec: DataSpec,
    *,
    freeze: Sequence[str] = (),
    axis_name: str | None = None,
) -> Parts:
    """What `experiment` builds for these data, with the layers that the names in `freeze` mean left as they are."""
    return freeze_layers(experiment.build(options, spec, axis_name=axis_name), freeze)


def load_experiment(module: str) -> Experiment:
    """The experiment in the module with this full name, such as experiments.lenet_digits.

    Raises:
        InputError: when there is no such module, or it lacks `Options` or `build`.
    """
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module and not module.startswith(f"{error.name}."):
            raise
        raise InputError(f"there is no experiment module {module}: is its package installed?") from None
    if not (hasattr(loaded, "Options") and hasattr(loaded, "build")):
        raise InputError(f"{module} is no experiment: it must define Options and build")
    name = module.rpartition(".")[2]
    return Experiment(name, module, loaded.Options, loaded.build, getattr(loaded, "conclude", None))
