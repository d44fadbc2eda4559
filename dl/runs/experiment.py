"""An experiment module: its options and its functions."""

import importlib
import importlib.util
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from dl.data.dataset import Dataset, DataSpec
from dl.errors import InputError
from dl.train.fits import check_recipe, check_smoothing
from dl.train.freeze import freeze as freeze_layers
from dl.train.options import DataOptions
from dl.train.recipe import Recipe

Figures = dict[str, dict[str, float]]
"""Name -> metrics, as result.json has them."""


class Measured(NamedTuple):
    """Figures, and for those of a measure with settings its signature, such as sacreBLEU's."""

    figures: Figures
    signatures: dict[str, str]


Build = Callable[[Any, DataSpec], Recipe]
"""Options, description of the data -> recipe."""

Conclude = Callable[[Any, Any, Dataset], Figures | Measured]
"""Options, a `Trained`, data in memory -> further figures for result.json."""

Count = Callable[[Any, Dataset], tuple[Figures | Measured, int]]
"""Options, data -> figures of each part, and how many numbers are stored."""

OF_FILE = "file:"
"""Begins the stored name of an experiment that is a file of the user's own."""

_named: dict[str, "Experiment"] = {}
"""Experiments in files that the user has named in this process, by their names."""


def as_measured(figures: Figures | Measured) -> Measured:
    """Figures with their signatures, of which most have none."""
    return figures if isinstance(figures, Measured) else Measured(figures, {})


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
    file: Path | None = None
    """The file that it was read from, for one that is in no package."""

    @property
    def package(self) -> str:
        """The package that the module lies in, or the module itself if it lies in none.

        A file lies in none; what it is run beside are the experiments that are there.
        """
        if self.file is not None:
            return "experiments"
        return self.module.rpartition(".")[0] or self.module

    def recipe(self, options: Any, spec: DataSpec, *, freeze: Sequence[str] = ()) -> Recipe:
        """The recipe for these data, with the layers named in `freeze` left untrained.

        Options that compiled programs take as numbers are its `hyperparams`.

        Raises:
            InputError: for an experiment that trains no net, and an option without effect on it.
        """
        if self.build is None:
            raise InputError(f"{self.name} counts and has no net: its figures are in result.json")

        build = self.build

        def remake(hyperparams: Mapping[str, Any]) -> Recipe:
            own = replace(options, **hyperparams)
            recipe = build(own, spec)
            check_recipe(recipe, by=f"the training of {self.name}")
            return freeze_layers(own.with_optimizer(recipe, spec), freeze)

        recipe = remake({})
        check_smoothing(recipe.objective, options.label_smoothing, what=self.name)
        return recipe._replace(hyperparams=options.traced, remake=remake)


def load_experiment(module: str) -> Experiment:
    """The experiment in the module with this full name, such as `experiments.lenet_digits`.

    A name that begins with `file:` stands for a file, which must have been named by the user in
    this process (`dl.runs.experiment_file`): a stored name alone runs nothing.

    Raises:
        InputError: when there is no such module, or it lacks `Options`, or `build` and `count`.
    """
    if module.startswith(OF_FILE):
        return _named_by_user(module)
    for named in _named.values():
        if named.options.__module__ == module:
            return named
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module and not module.startswith(f"{error.name}."):
            raise
        raise InputError(
            f"there is no experiment module {module[:100]}: is its package installed?"
        ) from None
    return experiment_in(loaded, module.rpartition(".")[2], module)


def experiment_in(loaded: Any, name: str, module: str, file: Path | None = None) -> Experiment:
    """The experiment that a loaded module defines.

    Raises:
        InputError: when it lacks `Options`, or `build` and `count`, or `Options` is none.
    """
    where = file or module
    offered = {part: getattr(loaded, part, None) for part in ("build", "conclude", "count")}
    options = getattr(loaded, "Options", None)
    if options is None or not (offered["build"] or offered["count"]):
        raise InputError(f"{where} is no experiment: it must define Options and build")
    for part, function in offered.items():
        if function is not None and not callable(function):
            raise InputError(f"{where}: {part} is {function!r}; it must be a function")
    _check_options(options, where)
    return Experiment(name, module, options, **offered, file=file)


def remember(experiment: Experiment) -> None:
    """Let runs of the file of `experiment` be opened in this process: the user has named it."""
    _named[experiment.name] = experiment


def _named_by_user(module: str) -> Experiment:
    path = Path(module.removeprefix(OF_FILE))
    if path.stem not in _named:
        raise InputError(
            f"the run was started from the file {path}, and a folder's own word runs no code: "
            f"add --experiment {shlex.quote(str(path))} (in Python: dl.load(run, experiment=...))"
        )
    return _named[path.stem]


def _check_options(options: Any, where: Any) -> None:
    """Refuse a class that gives other values than it seems to: one that is no dataclass itself."""
    if not (isinstance(options, type) and issubclass(options, DataOptions)):
        raise InputError(f"{where}: Options must be a class that inherits from dl.TrainOptions")
    own = vars(options)
    if own.get("__annotations__") and "__dataclass_params__" not in own:
        raise InputError(
            f"{where}: Options has fields of its own, which need @dataclass(frozen=True) above it"
        )
    for option in fields(options):
        if option.default is MISSING and option.default_factory is MISSING:
            raise InputError(f"{where}: the option {option.name} has no default; give it one")


def load_experiment_of(module: str, *, package: str, away_from: Path) -> Experiment:
    """The experiment in `module`, a name that was read from a file in the folder `away_from`.

    Importing runs code, so a name from a file may only be that of a module in `package`, and the
    package must not lie in the folder itself.

    Raises:
        InputError: when it is another name, or no experiment.
    """
    if module.startswith(OF_FILE):
        return _named_by_user(module)
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
