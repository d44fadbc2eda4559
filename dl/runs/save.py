"""Save a training made in code as a run, for `dl.load` and the command line."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax

from dl.data.dataset import Dataset, DataSpec
from dl.data.example import example_batch
from dl.errors import InputError
from dl.runs.checkpoint import Checkpoints
from dl.runs.config import Config
from dl.runs.experiment import Experiment, Figures, load_experiment
from dl.runs.files import append_line, sealed, write_json
from dl.runs.folder import RunFolder, make_folder, new_folder
from dl.runs.manifest import add_to_manifest, device_name
from dl.runs.open_data import open_data
from dl.train.recipe import Recipe
from dl.train.record import Record
from dl.train.state import count_parameters, first_arguments, jit_init_state
from dl.train.step import make_train_step
from dl.train.training import Training

_REMEDY = (
    "put Options and build(options, data_spec) into a module of their own, "
    "and fit the recipe that build returns"
)


def write_run(
    folder: str | Path,
    *,
    recipe: Recipe,
    data: Dataset,
    options: Any,
    training: Training,
    best: Training | None = None,
    history: Sequence[Record],
    figures: Figures | None,
) -> Path:
    """Write a training into a new `folder`, as a run of the experiment that builds its recipe.

    `best` is where it validated best, if it had patience.

    `dl.load(folder, package=...)` takes the package that the experiment's module lies in. Without
    `figures` it is an unfinished run, which `resume` can continue.

    Raises:
        InputError: for a recipe that no experiment builds, data other than those that the options
            name, or a folder that holds something.
    """
    experiment = experiment_of(recipe, data.spec, options)
    if open_data(options).fingerprint != data.fingerprint:
        raise InputError(
            f"--dataset {options.dataset} --validation {options.validation} are other data than "
            f"those that were trained on: give options that name them"
        )
    path = new_folder(experiment, options.seed, folder).path
    made = RunFolder(make_folder(path, chosen=False))
    layout = "members" if options.members > 1 else "jit"
    varied, steps = recipe.of_members, options.steps_per_call
    Config(experiment, options, steps, layout, 1, data.spec, varied=varied).write(made.config)
    add_to_manifest(made.manifest, fingerprint=data.fingerprint, seed=options.seed, devices=1)
    for record in history:
        append_line(made.metrics, record.as_json())
    seconds = {"wall_seconds": 0.0, "compile_seconds": 0.0}
    step = training.state.steps_made
    with Checkpoints(made.checkpoints) as checkpoints:
        if best is not None:
            at = best.state.steps_made
            checkpoints.save(at, best, notes=seconds, loss=_validation_loss(history, at))
        checkpoints.save(step, training, notes=seconds)
    if figures is not None:
        result = {
            "experiment": experiment.name,
            "metrics": figures,
            **seconds,
            "examples_per_second": None,
            "parameters": count_parameters(training.state.params),
            "device": device_name(),
            "steps": step,
        }
        if best is not None:
            result["best_step"] = best.state.steps_made
        write_json(made.result, sealed(result))
    return made.path


def _validation_loss(history: Sequence[Record], step: int) -> float | None:
    losses = {each.step: each.values["loss"] for each in history if each.split == "validation"}
    return losses.get(step)


def experiment_of(recipe: Recipe, spec: DataSpec, options: Any) -> Experiment:
    """The experiment in the module of `options` whose `build` gives this recipe.

    Files hold no functions, so a recipe is compared as a traced program.

    Raises:
        InputError: when there is none.
    """
    module = type(options).__module__
    if not hasattr(sys.modules.get(module), "build"):
        raise InputError(
            f"a folder holds no functions, and {type(options).__name__} of {module} "
            f"are not the options of an experiment: {_REMEDY}"
        )
    experiment = load_experiment(module)
    built = experiment.recipe(options, spec)
    if _program(built, spec, options) != _program(recipe, spec, options):
        raise InputError(f"{module} builds another recipe than the one that was trained: {_REMEDY}")
    return experiment


def _program(recipe: Recipe, spec: DataSpec, options: Any) -> str:
    """The training step of a recipe, traced for the data, as text."""
    recipe, options = recipe._replace(hyperparams={}, remake=None), replace(options, members=1)
    state = jit_init_state(recipe, spec, options).eval_shape(*first_arguments(recipe, options))
    step = make_train_step(recipe.objective, recipe.optimizer)
    return str(jax.make_jaxpr(step)(state, example_batch(spec)))
