"""The initial parameters of a run that starts from another run."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import jax

from dl.data.dataset import DataSpec
from dl.data.example import example_inputs
from dl.errors import InputError, RunError
from dl.runs.checkpoint import Checkpoints
from dl.runs.checkpoint_notes import DamagedCheckpoint
from dl.runs.checksums import checksum
from dl.runs.config import Config, Origin
from dl.runs.experiment import Experiment
from dl.runs.folder import RunFolder
from dl.runs.load import load
from dl.runs.trained import Trained
from dl.tables import times
from dl.train.names import by_path, is_named
from dl.train.options import TrainOptions
from dl.train.state import first_state, with_parameters
from dl.train.training import Training
from dl.train.transfer import Transfer, transfer
from dl.types import EARLIER, Autoencoder, ModelState, Params, PyTree


class Initial(NamedTuple):
    """Parameters and model state to begin with, and their origin."""

    params: Params
    model_state: ModelState
    origin: Origin


def take_initial(
    run: str | Path,
    experiment: Experiment,
    options: TrainOptions,
    spec: DataSpec,
    *,
    checkpoint: Literal["last", "best"] | None = None,
) -> Initial:
    """The parameters of `run` for a new run of `experiment`.

    The head is new if the classes differ, or if `run` trained an auto-encoder and the new model is
    none. It consists of the arrays whose shape depends on the number of classes. A classifier takes
    the encoder of an auto-encoder and leaves the rest; a model without state takes no state.

    Raises:
        InputError: when `run` is no run with a checkpoint, reads other symbols, or anything but the
            head does not fit.
    """
    loaded = load(run, checkpoint=checkpoint, package=experiment.package)
    _check_symbols(run, loaded.spec, spec)
    recipe = experiment.recipe(options, spec)
    fresh = first_state(recipe, spec, options)
    unrolled = isinstance(loaded.model, Autoencoder) and not isinstance(recipe.model, Autoencoder)
    differs = unrolled or loaded.spec.class_names != spec.class_names
    head = _head(experiment, options, spec) if differs else ((), ())
    old_params = _shared(loaded.params, fresh.params) if unrolled else loaded.params
    new_state = _of_net(fresh.model_state)
    old_state = _of_net(loaded.model_state) if jax.tree.leaves(new_state) else {}
    try:
        params = transfer(old_params, into=fresh.params, new=head[0])
        model_state = transfer(old_state, into=new_state, new=head[1])
    except InputError as error:
        raise InputError(
            f"--init-from {run} does not fit: {error}{_describe_inputs(loaded.spec, spec)}"
        ) from None
    both = {**fresh.model_state, **model_state.tree}  # earlier selves are no one else's
    return Initial(params.tree, both, _origin(run, loaded, params, model_state))


def write_initial(folder: RunFolder, initial: Initial) -> None:
    """Store the initial parameters in the run's folder, so that the other run is not needed."""
    if folder.initial.exists():
        shutil.rmtree(folder.initial)
    with Checkpoints(folder.initial) as checkpoints:
        checkpoints.save(0, (initial.params, initial.model_state), notes={})


def read_initial(folder: RunFolder, config: Config, fresh: Training) -> Training:
    """`fresh` with the parameters that `write_initial` stored.

    Raises:
        RunError: when they are damaged.
    """
    state = fresh.state
    try:
        with Checkpoints(folder.initial, read_only=True) as checkpoints:
            (params, model_state), _ = checkpoints.restore(0, (state.params, state.model_state))
    except DamagedCheckpoint as error:
        raise RunError(f"{folder.initial} is damaged ({error}): start a new run") from None
    return Training(
        with_parameters(state, config.build().optimizer, params, model_state), fresh.totals
    )


def count_frozen(config: Config) -> tuple[int, int]:
    """How many parameters of a run are frozen, and how many it has in all."""
    sizes = by_path(
        jax.tree.map(
            lambda leaf: leaf.size, _shapes(config.experiment, config.options, config.data)[0]
        )
    )
    frozen = [size for path, size in sizes.items() if is_named(path, config.freeze)]
    return sum(frozen), sum(sizes.values())


def _origin(run: str | Path, loaded: Trained, params: Transfer, model_state: Transfer) -> Origin:
    return Origin(
        run=str(Path(run).absolute()),
        step=loaded.answering.steps_made,
        checksum=checksum((loaded.params, loaded.model_state)),
        taken=params.taken + model_state.taken,
        new=params.new + model_state.new,
    )


def _head(
    experiment: Experiment, options: TrainOptions, spec: DataSpec
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths, of parameters and of model state, whose shape depends on the number of classes."""
    wider = replace(spec, class_names=(*spec.class_names, "one more"))
    try:
        shapes = [_shapes(experiment, options, data) for data in (spec, wider)]
    except InputError:  # a model for a fixed number of classes
        return (), ()
    params, model_state = zip(*shapes, strict=True)
    return _differing(*params), _differing(*model_state)


def _shapes(experiment: Experiment, options: TrainOptions, spec: DataSpec) -> tuple[PyTree, PyTree]:
    return jax.eval_shape(
        experiment.recipe(options, spec).model.init, jax.random.key(0), example_inputs(spec)
    )


def _differing(left: PyTree, right: PyTree) -> tuple[str, ...]:
    others = by_path(right)
    return tuple(path for path, leaf in by_path(left).items() if leaf.shape != others[path].shape)


def _check_symbols(run: str | Path, old: DataSpec, new: DataSpec) -> None:
    """Refuse another vocabulary, in which a number would mean another symbol."""
    for was, now in (
        (old.vocabulary, new.vocabulary),
        (old.source_vocabulary, new.source_vocabulary),
    ):
        if was and now and was != now:
            sizes = f"{len(was)} {was.unit}s, these texts have {len(now)} others"
            raise InputError(
                f"--init-from {run} reads other symbols, {sizes}: with --unit byte all texts have "
                "the same"
            )


def _of_net(model_state: ModelState) -> ModelState:
    """The model state without the earlier selves of a training, which begins its own."""
    return {name: entry for name, entry in model_state.items() if name != EARLIER}


def _shared(source: PyTree, into: PyTree) -> PyTree:
    """The entries of `source`, nested dictionaries, that `into` has too."""
    if not isinstance(source, Mapping):
        return source
    return {name: _shared(entry, into[name]) for name, entry in source.items() if name in into}


def _describe_inputs(old: DataSpec, new: DataSpec) -> str:
    if old.input_shape == new.input_shape:
        return ""
    remedy = ": --image-size and --colour change them" if new.name.startswith("folder:") else ""
    return f"; its inputs are {times(old.input_shape)}, these are {times(new.input_shape)}{remedy}"
