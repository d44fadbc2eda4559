"""The kinds of run: each prepares a start, and then does its work.

A new kind is a class with these three members, and a line in `kind_of`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple, Protocol

from dl.data.dataset import Dataset, DataSpec, check_in_memory
from dl.data.example import example_inputs
from dl.runs.config import Config
from dl.runs.experiment import Experiment, as_measured
from dl.runs.files import sealed, write_json
from dl.runs.go_on import go_on
from dl.runs.group import ALONE, Group
from dl.runs.manifest import add_to_manifest, device_name
from dl.runs.members import check_members
from dl.runs.open_data import open_data
from dl.runs.result import entries_of
from dl.runs.setup import Setup
from dl.train.compiled import Compiled, compile_recipe
from dl.train.interrupt import StopRequest
from dl.train.layout import Layout, make_layout
from dl.train.recipe import Recipe
from dl.train.traced import choose_layout

Varied = Mapping[str, Sequence[float]]
"""Hyper-parameters that differ between the members of a population, with each member's value."""
_NOTHING: Varied = {}


class Session(NamedTuple):
    """One start: what stops it, whether it shows progress and is profiled, and who takes part."""

    stop: StopRequest
    show: bool = True
    profile: bool = False
    group: Group = ALONE


class Kind(Protocol):
    """One kind of run."""

    trains: ClassVar[bool]
    """Whether it trains a net, which may begin with the parameters of another run."""

    def prepare(
        self,
        experiment: Experiment,
        options: Any,
        *,
        freeze: Sequence[str] = (),
        varied: Varied = _NOTHING,
    ) -> tuple[Config, Dataset, Compiled | None]:
        """Configuration, data and compiled recipe of a new run. Nothing is written."""
        ...

    def reopen(self, config: Config) -> tuple[Dataset, Compiled | None]:
        """Data and compiled recipe of a run that is resumed, as configured when it began."""
        ...

    def work(self, setup: Setup, session: Session) -> dict[str, Any] | None:
        """Do the work, then write and return the result; None when a signal ended it."""
        ...


class TrainingRun:
    """Trains a recipe, with records and checkpoints."""

    trains: ClassVar[bool] = True

    def prepare(
        self,
        experiment: Experiment,
        options: Any,
        *,
        freeze: Sequence[str] = (),
        varied: Varied = _NOTHING,
    ) -> tuple[Config, Dataset, Compiled]:
        """Opens the data and chooses the layout that suits the model."""
        data = _open_all(experiment, options)
        recipe = experiment.recipe(options, data.spec, freeze=freeze)
        recipe = recipe.varied(varied)
        check_members(recipe, data, options)
        layout = _choose(recipe, data.spec, options)
        compiled = compile_recipe(recipe, data, options, layout)
        config = Config(
            experiment,
            options,
            options.steps_per_call,
            layout.mode,
            len(layout.devices),
            data.spec,
            freeze=tuple(freeze),
            varied={name: tuple(each) for name, each in varied.items()},
        )
        return config, data, compiled

    def reopen(self, config: Config) -> tuple[Dataset, Compiled]:
        """Opens the data, and compiles for the layout that the run began with."""
        options = config.options
        data = _open_all(config.experiment, options)
        recipe = replace(config, data=data.spec).build()
        layout = _layout_of(config, recipe)
        compiled = compile_recipe(
            recipe, data, options, layout, steps_per_call=config.steps_per_call
        )
        return data, compiled

    def work(self, setup: Setup, session: Session) -> dict[str, Any] | None:
        """Trains to the end of the plan, from the newest checkpoint if there is one."""
        return go_on(setup, **session._asdict())


class CountingRun:
    """Fits by counting, without a net; resuming it starts it again."""

    trains: ClassVar[bool] = False

    def prepare(
        self,
        experiment: Experiment,
        options: Any,
        *,
        freeze: Sequence[str] = (),
        varied: Varied = _NOTHING,
    ) -> tuple[Config, Dataset, None]:
        """Opens the data."""
        data = open_data(options)
        return Config(experiment, options, 0, "none", 0, data.spec), data, None

    def reopen(self, config: Config) -> tuple[Dataset, None]:
        """Opens the data."""
        return open_data(config.options), None

    def work(self, setup: Setup, session: Session) -> dict[str, Any]:
        """Counts, and writes the figures."""
        config, folder, data = setup.config, setup.folder, setup.data
        assert config.experiment.count is not None
        add_to_manifest(
            folder.manifest, fingerprint=data.fingerprint, seed=config.options.seed, devices=1
        )
        start = time.perf_counter()
        counted, parameters = config.experiment.count(config.options, data)
        result = {
            "experiment": config.experiment.name,
            **entries_of(as_measured(counted)),
            "wall_seconds": round(time.perf_counter() - start, 3),
            "compile_seconds": 0.0,
            "examples_per_second": None,
            "parameters": parameters,
            "device": device_name(),
            "steps": 0,
        }
        write_json(folder.result, sealed(result))
        return result


def kind_of(experiment: Experiment) -> Kind:
    """The kind of run of an experiment: counting if its module defines `count`."""
    return CountingRun() if experiment.count is not None else TrainingRun()


def _layout_of(config: Config, recipe: Recipe) -> Layout:
    """The layout that a run began with."""
    options = config.options
    if config.parallel == "members":
        return _choose(recipe, config.data, replace(options, devices=config.devices))
    return make_layout(config.parallel, devices=config.devices, batch_size=options.batch_size)


def _choose(recipe: Recipe, spec: DataSpec, options: Any) -> Layout:
    return choose_layout(options, recipe.model, example_inputs(spec), one_seed=recipe.is_varied)


def _open_all(experiment: Experiment, options: Any) -> Dataset:
    data = open_data(options)
    options.check_plan(data)
    if experiment.conclude:
        check_in_memory(data, what=experiment.name)
    return data
