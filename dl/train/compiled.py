"""A model, an objective and an optimizer compiled for one data set and one device layout."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dl import metrics
from dl.data.batching import IndexedBatch, evaluation_batches, make_gather, train_batches
from dl.data.dataset import ArraySource, Dataset, DataSpec
from dl.errors import InputError
from dl.train.guard import CompilationGuard
from dl.train.options import TrainOptions
from dl.train.parallel import Layout, scan_steps
from dl.train.plan import Plan, make_plan
from dl.train.state import TrainState, init_state
from dl.train.step import augmented, make_eval_step, make_train_step
from dl.types import Array, Augment, Metrics, Model, Objective

_MOST_SCANNED_STEPS = 100


class Parts(NamedTuple):
    """What an experiment's `build` returns."""

    model: Model
    objective: Objective
    optimizer: optax.GradientTransformation
    augment: Augment | None = None


class Training(NamedTuple):
    """What goes through the loop: the state, and the metrics summed since the last record."""

    state: TrainState
    totals: Metrics


class Compiled(NamedTuple):
    """The compiled functions of a run, with the data on its devices and the plan that they follow."""

    layout: Layout
    plan: Plan
    guard: CompilationGuard
    start: Callable[[Training | None], Training]
    """A copy on the devices of what is given, or of the first state."""
    advance: Callable[[Training, int], tuple[Training, Array]]
    """From step `start` to the end of its chunk; the second result is ready when the chunk is done."""
    reset: Callable[[Training], Training]
    """The same training with nothing summed."""
    evaluate: Callable[[TrainState, str], dict[str, float]]


def compile_parts(
    parts: Parts, data: Dataset, options: TrainOptions, layout: Layout, *, chunk_steps: int = 0
) -> Compiled:
    """Compile `parts` for training on `data`; nothing is traced before the first call.

    `chunk_steps` is the number of steps a compiled call; 0 takes `options.scan_steps`, and if that is 0 too, chooses.
    """
    check_parts_fit(parts, data.spec)
    slow_loops = has_slow_loops(parts.model, data.spec, layout)
    chunk = chunk_steps or options.scan_steps or choose_chunk_steps(options, slow_loops=slow_loops)
    plan = make_plan(options, train_size=data.spec.train_size, chunk_steps=chunk)
    guard = CompilationGuard("train step", declared=plan.signatures)
    train_chunk = layout.compile(guard.watch(_make_train_chunk(parts, data.spec, layout, unroll_one=slow_loops)))
    arrays = layout.put(_arrays(data.train))
    zeros = layout.put(_zero_totals(parts, data.spec))

    def start(training: Training | None) -> Training:
        return layout.put(training or start_training(parts, data.spec, seed=options.seed))

    def advance(training: Training, step: int) -> tuple[Training, Array]:
        indexed = train_batches(
            seed=options.seed,
            start=step,
            steps=plan.chunk_end(step) - step,
            examples=data.spec.train_size,
            batch_size=options.batch_size,
        )
        return train_chunk(training, arrays, layout.split(indexed))

    def reset(training: Training) -> Training:
        return Training(training.state, jax.tree.map(jnp.copy, zeros))

    evaluate = _make_evaluate(parts, data, options, layout, unroll_one=slow_loops)
    return Compiled(layout, plan, guard, start, advance, reset, evaluate)


def start_training(parts: Parts, spec: DataSpec, *, seed: int) -> Training:
    """What the loop starts from, on the default device: the first state and nothing summed."""
    # One compilation, the same for every seed, instead of one for each operation of each initialiser.
    init = jax.jit(lambda seed: init_state(parts.model, parts.optimizer, example_inputs(spec), seed=seed))
    return Training(init(seed), _zero_totals(parts, spec))


def example_inputs(spec: DataSpec) -> jax.ShapeDtypeStruct:
    """The shape of a batch of one example as models see it."""
    return jax.ShapeDtypeStruct((1, *spec.input_shape), jnp.float32)


def check_parts_fit(parts: Parts, spec: DataSpec) -> None:
    """Trace model and objective on the data's shapes: what does not fit raises here, before anything is written.

    Raises:
        InputError: for inputs that the model does not take, a wrong number of outputs, targets of another task.
    """
    outputs = jax.eval_shape(lambda: _apply_once(parts.model, spec))
    if outputs.shape[-1] != spec.classes:
        raise InputError(
            f"{parts.model.name} has {outputs.shape[-1]} outputs, {spec.name} has {spec.classes} classes: "
            f"make them equal"
        )
    try:
        _zero_totals(parts, spec)
    except ValueError as error:
        raise InputError(
            f"the objective does not take the targets of {spec.name} (task: {spec.task}): {error}; "
            f"choose another data set or objective"
        ) from None


def choose_chunk_steps(options: TrainOptions, *, slow_loops: bool) -> int:
    """Steps in one compiled call: one where loops are slow, otherwise many, to spare the call's overhead."""
    return 1 if slow_loops else min(options.log_every, _MOST_SCANNED_STEPS)


def has_slow_loops(model: Model, spec: DataSpec, layout: Layout) -> bool:
    """Whether `model` runs slower inside a compiled loop: XLA's convolutions do on a CPU, several times."""
    on_cpu = layout.devices[0].platform == "cpu"
    return on_cpu and "conv_general_dilated" in str(jax.make_jaxpr(lambda: _apply_once(model, spec))())


def _apply_once(model: Model, spec: DataSpec) -> Array:
    inputs = jnp.zeros((1, *spec.input_shape), jnp.float32)
    params, model_state = model.init(jax.random.key(0), inputs)
    return model.apply(params, model_state, inputs)[0]


def _arrays(source: ArraySource) -> dict[str, np.ndarray]:
    return {"inputs": source.inputs, "targets": source.targets}


def _make_train_chunk(parts: Parts, spec: DataSpec, layout: Layout, *, unroll_one: bool) -> Callable:
    step = make_train_step(parts.objective, parts.optimizer, axis_name=layout.axis_name)
    if parts.augment is not None:
        step = augmented(step, parts.augment)
    gather = make_gather(spec)

    def train_chunk(training: Training, arrays: dict[str, Array], indexed: IndexedBatch) -> tuple[Training, Array]:
        def one(training: Training, indexed: IndexedBatch) -> tuple[Training, Metrics]:
            state, sums = step(training.state, gather(arrays, indexed))
            return Training(state, metrics.merge(training.totals, sums)), {}

        training, _ = scan_steps(one, unroll_one=unroll_one)(training, indexed)
        return training, training.state.step + 0  # its own buffer: it outlives the donation of the state

    return train_chunk


def _make_evaluate(
    parts: Parts, data: Dataset, options: TrainOptions, layout: Layout, *, unroll_one: bool
) -> Callable[[TrainState, str], dict[str, float]]:
    step = make_eval_step(parts.objective, axis_name=layout.axis_name)
    gather = make_gather(data.spec)
    resident: dict[str, Any] = {}

    def evaluate_chunk(state: TrainState, arrays: dict[str, Array], indexed: IndexedBatch) -> Metrics:
        steps = scan_steps(lambda state, one: (state, step(state, gather(arrays, one))), unroll_one=unroll_one)
        return steps(state, indexed)[1]

    compiled = layout.compile(evaluate_chunk, donate=False)

    def evaluate(state: TrainState, part: str) -> dict[str, float]:
        source: Any = data.part(part)
        if part not in resident:
            resident[part] = layout.put(_arrays(source))
        batches = evaluation_batches(len(source), options.batch_size)
        scanned = 1 if unroll_one else len(batches.index)
        chunks = [
            IndexedBatch(batches.index[at : at + scanned], batches.mask[at : at + scanned])
            for at in range(0, len(batches.index), scanned)
        ]
        sums = [layout.fetch(compiled(state, resident[part], layout.split(chunk))) for chunk in chunks]
        totals = jax.tree.map(lambda *leaves: np.sum(leaves, axis=0), *jax.device_get(sums))
        return metrics.compute(totals)

    return evaluate


def _zero_totals(parts: Parts, spec: DataSpec) -> Metrics:
    """Nothing summed yet, in the structure that the objective reports."""

    def report() -> Metrics:
        inputs = jnp.zeros((1, *spec.input_shape), jnp.float32)
        params, model_state = parts.model.init(jax.random.key(0), inputs)
        shape = () if spec.task == "classification" else (spec.classes,)
        targets = jnp.zeros((1, *shape), jnp.int32 if spec.task == "classification" else jnp.float32)
        batch = {"inputs": inputs, "targets": targets, "mask": jnp.ones(1), "index": jnp.zeros(1, jnp.int32)}
        return parts.objective(params, model_state, batch)[0]

    return metrics.zeros_like(jax.eval_shape(report))
