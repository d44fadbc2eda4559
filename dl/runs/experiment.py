"""An experiment module: its options and its functions."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
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

    @property
    def package(self) -> str:
        """The package that the module lies in, or the module itself if it lies in none."""
        return self.module.rpartition(".")[0] or self.module

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


def load_experiment_of(module: str, *, package: str, away_from: Path) -> Experiment:
    """The experiment in `module`, a name that was read from a file in the folder `away_from`.

    Importing runs code, so a name from a file may only be that of a module in `package`, and the
    package must not lie in the folder itself.

    Raises:
        InputError: when it is another name, or no experiment.
    """
    parent, _, name = module.rpartition(".")
    inside = parent == package and name.isidentifier() and not name.startswith("_")
    if module != package and not inside:
        raise InputError(
            f"module is {module!r}, no experiment of the package {package}: if you trust it, "
            f"use `python -m PACKAGE`, or dl.load(run, package={parent or module!r})"
        )
    if module not in sys.modules and any(
        _lies_in(place, away_from) for place in _places_of(package)
    ):
        raise InputError(
            f"the package {package} would be imported from {away_from} itself: start Python in "
            "another folder"
        )
    return load_experiment(module)


def _places_of(package: str) -> list[Path]:
    """Where a package or module would be imported from."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # load_experiment says that there is none
        return []
    if spec is None:
        return []
    return [Path(place) for place in (*(spec.submodule_search_locations or ()), spec.origin or "")]


def _lies_in(place: Path, folder: Path) -> bool:
    return place.resolve().is_relative_to(folder.resolve()) and place != Path()
