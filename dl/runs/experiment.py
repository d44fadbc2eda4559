"""An experiment module: its options and its functions."""

import importlib
import shlex
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from dl.data.dataset import Dataset, DataSpec
from dl.errors import InputError
from dl.train.fits import check_recipe
from dl.train.freeze import freeze as freeze_layers
from dl.train.options import DataOptions
from dl.train.recipe import Recipe

Figures = dict[str, dict[str, float]]
"""Name -> metrics, as result.json has them."""

Build = Callable[[Any, DataSpec], Recipe]
"""Options, description of the data -> recipe."""

Conclude = Callable[[Any, Any, Dataset], Figures]
"""Options, a `Trained`, data in memory -> further figures for result.json."""

Count = Callable[[Any, Dataset], tuple[Figures, int]]
"""Options, data -> figures of each part, and how many numbers are stored."""

OF_FILE = "file:"
"""Begins the stored name of an experiment that is a file of the user's own."""

_named: dict[str, "Experiment"] = {}
"""Experiments in files that the user has named in this process, by their names."""


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

    def recipe(self, options: Any, spec: DataSpec, *, freeze: Sequence[str] = ()) -> Recipe:
        """The recipe for these data, with the layers named in `freeze` left untrained.

        Raises:
            InputError: for an experiment that trains no net.
        """
        if self.build is None:
            raise InputError(f"{self.name} counts and has no net: its figures are in result.json")
        recipe = self.build(options, spec)
        check_recipe(recipe, by=f"the training of {self.name}")
        return freeze_layers(recipe, freeze)


def load_experiment(module: str) -> Experiment:
    """The experiment in the module with this full name, such as `experiments.lenet_digits`.

    A name that begins with `file:` stands for a file, which must have been named by the user in
    this process (`dl.runs.experiment_file`): a stored name alone runs nothing.

    Raises:
        InputError: when there is no such module, or it lacks `Options`, or `build` and `count`.
    """
    if module.startswith(OF_FILE):
        return _named_by_user(module)
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module and not module.startswith(f"{error.name}."):
            raise
        raise InputError(
            f"there is no experiment module {module}: is its package installed?"
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
