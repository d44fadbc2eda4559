"""Check that a recipe fits the data by tracing shapes, before anything is written or compiled."""

from typing import Any

import jax
import jax.numpy as jnp

from dl import metrics
from dl.data.augment import Stages
from dl.data.dataset import Dataset, DataSpec
from dl.data.example import example_batch, example_inputs
from dl.errors import InputError
from dl.jaxprs import equations
from dl.layers.precision import computing_in
from dl.layers.remat import blocks_again
from dl.models.given import require_model
from dl.objectives.binding import smoothing_of, task_of, training_metrics_of
from dl.train.memory import check_fits_memory
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.train.skipping import SKIPPED
from dl.types import (
    Array,
    Augment,
    Autoencoder,
    Device,
    Metrics,
    Objective,
    Pair,
    Params,
    PyTree,
    Ragged,
    Ratio,
    Total,
)


def check_recipe_fits(
    recipe: Recipe,
    spec: DataSpec,
    *,
    device: Device | None = None,
    members: int = 1,
    split_over: int = 1,
) -> None:
    """Trace model and objective on the data's shapes.

    With a `device` the model must also fit into its memory, once for each of `members`, or its part
    of arrays that are `split_over` several devices.

    Raises:
        InputError: when the model does not accept the inputs or the augmented pictures, has a wrong
            number of outputs, or when the objective does not accept the targets; for a model that
            is larger than the memory.
    """
    check_recipe(recipe)
    outputs, params, others = _shapes_of(recipe, spec)
    if device is not None:
        check_fits_memory(
            params,
            others,
            name=recipe.model.name,
            device=device,
            members=members,
            split_over=split_over,
        )
    if outputs.shape[-1] != spec.classes and not isinstance(recipe.model, Autoencoder):
        raise InputError(
            f"{recipe.model.name} has {outputs.shape[-1]} outputs, {spec.name} has {spec.classes} "
            f"classes: make them equal"
        )
    try:
        zero_totals(recipe, spec)
    except ValueError as error:
        raise InputError(
            f"the objective does not take the targets of {spec.name} (task: {spec.task}): {error}; "
            f"choose another data set or objective"
        ) from None
    for augment in filter(None, stages_of(recipe).augments):
        _check_augmented_fit(recipe, spec, augment)


def check_answers(recipe: Recipe, data: Dataset) -> None:
    """Refuse targets outside of 0 to 1 for an objective of yes-or-no answers.

    Data of numbers have the same shape, so that tracing does not notice them.
    """
    if task_of(recipe.objective) != "binary" or data.spec.task != "regression":
        return
    for part in filter(None, (data.train, data.validation, data.test)):
        if not part.in_memory or 0 <= part.targets.min() <= part.targets.max() <= 1:
            continue
        raise InputError(
            f"the objective takes yes-or-no targets, 0 and 1; those of {data.spec.name} go from "
            f"{part.targets.min():g} to {part.targets.max():g}: give truth values, such as y > 0"
        )


def check_smoothing(objective: Objective, smoothing: float, *, what: str) -> None:
    """Refuse an option `label_smoothing` that the `objective` of `what` does not know of."""
    made_with = smoothing_of(objective)
    if not smoothing or made_with:
        return
    if made_with is None:
        why = f"the targets of {what} are no classes: leave it out"
    else:
        why = f"{what} has none: give its objective label_smoothing=options.label_smoothing"
    raise InputError(f"label_smoothing is {smoothing}, and {why}")


def check_layers(recipe: Recipe, spec: DataSpec, options: TrainOptions) -> None:
    """Refuse options of layers for a model that has none of `dl.layers` or Flax linen."""
    check_precision(recipe, spec, options.precision)
    if options.remat:
        _check_remat(recipe, spec)


def check_precision(recipe: Recipe, spec: DataSpec, precision: str) -> None:
    """Refuse another precision than float32 for a model none of whose layers computes in it.

    Layers of Flax linen do; functions and NNX modules decide for themselves.
    """
    if precision == "float32":
        return
    with computing_in(precision):
        traced = jax.make_jaxpr(lambda: _apply_once(recipe, spec))()
    inside = equations(traced.jaxpr, platform="cpu")
    types = {getattr(v.aval, "dtype", None) for each in inside for v in each.outvars}
    if jnp.dtype(precision) not in types:
        raise InputError(
            f"precision is {precision}, and no layer of {recipe.model.name} computes in it: leave "
            "it out, or give the model's own layers a dtype"
        )


def _check_remat(recipe: Recipe, spec: DataSpec) -> None:
    """Refuse to compute blocks again for a model that has none.

    Nets of Flax linen have; functions and NNX modules decide for themselves.
    """
    params, model_state = jax.eval_shape(lambda: _initial(recipe, spec))
    with blocks_again() as blocks:
        jax.eval_shape(recipe.model.apply, params, model_state, example_inputs(spec))
    if not blocks:
        raise InputError(
            f"remat is True, and {recipe.model.name} has no blocks of Flax linen: leave it out, or "
            "put jax.checkpoint into the model's own functions"
        )


def check_recipe(recipe: Any, *, by: str = "training") -> None:
    """Refuse what is no recipe, or holds something else in the place of its parts.

    Raises:
        InputError: naming the part, and what makes one.
    """
    if not isinstance(recipe, Recipe):
        raise InputError(
            f"{by} takes a dl.Recipe(model, objective, optimizer), not {type(recipe).__name__}"
        )
    require_model(recipe.model, by="a recipe")
    if not callable(recipe.objective):
        raise InputError(
            f"a recipe's objective is a function, not {recipe.objective!r}: make one with "
            "dl.objectives, such as dl.objectives.classification(model)"
        )
    maker, module = (getattr(recipe.objective, name, "") for name in ("__qualname__", "__module__"))
    if module.startswith("dl.objectives") and "." not in maker:
        raise InputError(f"a recipe's objective is that of a model: give {maker}(model)")
    given = recipe.optimizer
    if given is not None and not (hasattr(given, "init") and hasattr(given, "update")):
        raise InputError(
            f"a recipe's optimizer is an Optax transformation, not {given!r}: make one "
            "with dl.optimizers, such as dl.optimizers.adam(0.001)"
        )
    augment = recipe.augment
    if not (augment is None or isinstance(augment, Stages) or callable(augment)):
        raise InputError(f"a recipe's augment is a function or None, not {augment!r}")


def zero_totals(recipe: Recipe, spec: DataSpec) -> Metrics:
    """The metrics of the objective in evaluation, with all sums and counts 0."""

    def report() -> Metrics:
        batch = _zeros(example_batch(spec))
        params, model_state = recipe.model.init(jax.random.key(0), batch["inputs"])
        return recipe.objective(params, model_state, batch)[0]

    return metrics.zeros_like(jax.eval_shape(report))


def zero_training_totals(recipe: Recipe, spec: DataSpec, options: TrainOptions) -> Metrics:
    """The metrics of a training step, with all sums and counts 0.

    They are those of evaluation, unless the objective names others (`training_metrics_of`), and the
    number of skipped steps. Of several members each has its own: sums and counts are [members].
    """
    names = training_metrics_of(recipe.objective)
    zero = Ratio(jnp.zeros(()), jnp.zeros(()))
    totals: Metrics = dict.fromkeys(names, zero) if names else zero_totals(recipe, spec)
    if options.nonfinite == "skip":
        totals[SKIPPED] = Total(*zero)
    if options.members == 1:
        return totals
    return jax.tree.map(lambda leaf: jnp.zeros((options.members, *leaf.shape)), totals)


def stages_of(recipe: Recipe) -> Stages:
    """The stages of augmentation; an augmentation for all epochs is a single stage."""
    return recipe.augment if isinstance(recipe.augment, Stages) else Stages((recipe.augment,))


def _check_augmented_fit(recipe: Recipe, spec: DataSpec, augment: Augment) -> None:
    """Refuse an augmentation whose pictures do not fit the parameters made for the data."""
    inputs = example_inputs(spec)
    step = jax.ShapeDtypeStruct((), jnp.int32)
    keys = jax.eval_shape(lambda: jax.random.split(jax.random.key(0), 1))
    changed = jax.eval_shape(augment, keys, inputs, step)
    if _shape(changed) == _shape(inputs):
        return
    try:
        jax.eval_shape(lambda: _apply_once(recipe, spec, _zeros(changed)))
    except (InputError, ValueError, TypeError):
        raise InputError(
            f"{recipe.model.name} does not take what the augmentation gives: {_shape(changed)} "
            f"in the place of {_shape(inputs)}; keep the size, or take a net that ends in a mean "
            f"over its maps"
        ) from None


def _shape(inputs: Any) -> tuple[int, ...]:
    """The shape of one example; of a pair that of its source."""
    if isinstance(inputs, Pair):
        return _shape(inputs.source)
    return (inputs.values if isinstance(inputs, Ragged) else inputs).shape[1:]


def _shapes_of(recipe: Recipe, spec: DataSpec) -> tuple[Any, Params, PyTree]:
    """The outputs, the parameters, and the other state, all as shapes."""
    try:
        return jax.eval_shape(lambda: _apply_once(recipe, spec))
    except (OverflowError, NotImplementedError) as error:  # sizes beyond 64 bits
        raise InputError(
            f"{recipe.model.name} cannot be made in this size ({error}): make it smaller"
        ) from None


def _apply_once(
    recipe: Recipe, spec: DataSpec, changed: Array | None = None
) -> tuple[Array, Params, PyTree]:
    inputs = _zeros(example_inputs(spec))
    params, model_state = _initial(recipe, spec)
    given: Any = inputs if changed is None else changed
    outputs = recipe.model.apply(params, model_state, given)[0]
    return outputs, params, (model_state, recipe.optimizer.init(params))


def _initial(recipe: Recipe, spec: DataSpec) -> tuple[Params, PyTree]:
    return recipe.model.init(jax.random.key(0), _zeros(example_inputs(spec)))


def _zeros(shapes: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
