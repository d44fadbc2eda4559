"""An experiment module: its options and its functions."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dl.data.dataset import Dataset, DataSpec
from dl.errors import InputError
from dl.train.freeze import freeze as freeze_layers
from dl.train.recipe import Recipe

Figures = dict[str, dict[str, float]]
"""Name -> metrics, as result.json has them."""

Build = Callable[[Any, DataSpec], Recipe]
"""Options, description of the data -> recipe."""

Conclude = Callable[[Any, Any, Dataset], Figures]
"""Options, a `Trained`, data in memory -> further figures for result.json."""

Count = Callable[[Any, Dataset], tuple[Figures, int]]
"""Options, data -> figures of each part, and how many numbers are stored."""


@dataclass(frozen=True)
class Experiment:
    """One experiment module: a dataclass of options, and its functions.

    A module that trains a net has a pure `build`, and perhaps a `conclude`; a module that fits by
    counting has `count` instead.
    """

    name: str
    module: str
    options: type[Any]
    build: Build | None = None
    conclude: Conclude | None = None
    count: Count | None = None

    def recipe(self, options: Any, spec: DataSpec, *, freeze: Sequence[str] = ()) -> Recipe:
        """The recipe for these data, with the layers named in `freeze` left untrained.

        Raises:
            InputError: for an experiment that trains no net.
        """
        if self.build is None:
            raise InputError(f"{self.name} counts and has no net: its figures are in result.json")
        return freeze_layers(self.build(options, spec), freeze)


def load_experiment(module: str) -> Experiment:
    """The experiment in the module with this full name, such as `experiments.lenet_digits`.

    Raises:
        InputError: when there is no such module, or it lacks `Options`, or `build` and `count`.
    """
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module and not module.startswith(f"{error.name}."):
            raise
        raise InputError(
            f"there is no experiment module {module}: is its package installed?"
        ) from None
    offered = {name: getattr(loaded, name, None) for name in ("build", "conclude", "count")}
    if not (hasattr(loaded, "Options") and (offered["build"] or offered["count"])):
        raise InputError(f"{module} is no experiment: it must define Options and build")
    return Experiment(module.rpartition(".")[2], module, loaded.Options, **offered)
