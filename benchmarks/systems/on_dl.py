"""Training in this library."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import Workload, median_seconds

if TYPE_CHECKING:
    from dl import Recipe, TrainOptions
    from dl.data.dataset import Dataset
    from dl.train.compiled import Compiled

Run = Callable[[], Any]


def steps_workload(
    recipe: "Recipe", inputs: np.ndarray, targets: np.ndarray, *, steps: int
) -> Workload:
    """`steps` steps on one resident batch, in a Python or a compiled loop, whichever is faster."""
    ways = {
        "jit_step in a loop": python_loop(recipe, inputs, targets, steps=steps),
        f"scan_steps of {steps}": compiled_loop(recipe, inputs, targets, steps=steps),
    }
    for run in ways.values():
        run()
    seconds = {name: median_seconds(run, least=2, seconds=0.0) for name, run in ways.items()}
    fastest = min(ways, key=lambda name: seconds[name])
    return Workload(ways[fastest], steps * len(inputs), fastest)


def python_loop(recipe: "Recipe", inputs: np.ndarray, targets: np.ndarray, *, steps: int) -> Run:
    """`steps` calls of one compiled step, on the devices that the runner would choose."""
    import jax

    layout, step, batches, held = _set_up(recipe, inputs, targets, steps=1)
    call = layout.compile(
        lambda state, _, batches: step(state, jax.tree.map(lambda leaf: leaf[0], batches))
    )

    def run() -> None:
        for _ in range(steps):
            held[0], _ = call(held[0], (), batches)
        jax.block_until_ready(held)

    return run


def compiled_loop(recipe: "Recipe", inputs: np.ndarray, targets: np.ndarray, *, steps: int) -> Run:
    """One call of `scan_steps`."""
    import jax

    from dl import scan_steps

    layout, step, batches, held = _set_up(recipe, inputs, targets, steps=steps)
    call = layout.compile(lambda state, _, batches: scan_steps(step)(state, batches))

    def run() -> None:
        held[0], _ = jax.block_until_ready(call(held[0], (), batches))

    return run


def epoch_workload(
    recipe: "Recipe", pictures: np.ndarray, labels: np.ndarray, *, batch_size: int
) -> Workload:
    """One epoch of pictures through the library's own loop."""
    from dl import TrainOptions

    options = TrainOptions(epochs=1, batch_size=batch_size, validation=0.0)
    return training_workload(recipe, as_data(pictures, labels), options)


def as_data(pictures: np.ndarray, labels: np.ndarray) -> "Dataset":
    """Pictures of ten classes as a data set."""
    from dl.data.parts import dataset_of_parts
    from dl.data.sources.arrays import ArraySource

    train = ArraySource(pictures, labels)
    return dataset_of_parts(
        "generated", train, train.take(np.arange(1)), class_names=tuple("0123456789")
    )


@dataclass(frozen=True)
class Epoch:
    """A training of one epoch: what was compiled for it, and `run`, which starts from anew."""

    compiled: "Compiled"
    run: Run


def training_workload(recipe: "Recipe", data: "Dataset", options: "TrainOptions") -> Workload:
    """The library's own loop: data order, batches, steps, records, the check of the state."""
    epoch = make_epoch(recipe, data, options)
    plan, devices = epoch.compiled.plan, len(epoch.compiled.layout.devices)
    note = f"{plan.steps_per_call} step(s) a call on {devices} device(s)"
    return Workload(epoch.run, plan.total_steps * options.batch_size * options.members, note)


def make_epoch(recipe: "Recipe", data: "Dataset", options: "TrainOptions") -> Epoch:
    """The training that `training_workload` times."""
    import jax

    from dl.data.example import example_inputs
    from dl.data.sources.batching import epoch_order
    from dl.train.compiled import compile_recipe
    from dl.train.loop import train_loop
    from dl.train.steps_per_call import with_best_steps_per_call
    from dl.train.traced import choose_layout
    from dl.train.training import start_training

    example = example_inputs(data.spec)
    layout = choose_layout(options, recipe.model, example, one_seed=recipe.is_varied)
    compiled = compile_recipe(recipe, data, options, layout)
    first = start_training(recipe, data.spec, options)
    compiled = with_best_steps_per_call(compiled, compiled.start(first))

    def run() -> None:
        epoch_order.cache_clear()  # every epoch of a training draws its own order
        training, _ = train_loop(compiled, compiled.start(first), validates=False)
        jax.block_until_ready(training)

    return Epoch(compiled, run)


def _first_state(recipe: "Recipe", inputs: np.ndarray) -> Any:
    import jax

    from dl import init_state

    shape = jax.ShapeDtypeStruct((1, *inputs.shape[1:]), inputs.dtype)
    return jax.jit(lambda: init_state(recipe.model, recipe.optimizer, shape, seed=0))()


def _set_up(
    recipe: "Recipe", inputs: np.ndarray, targets: np.ndarray, *, steps: int
) -> tuple[Any, Any, Any, list]:
    """Layout, step, `steps` copies of a batch on the devices, and a list that holds the state."""
    import jax

    from dl import make_train_step

    layout = _layout(recipe, inputs)
    step = make_train_step(
        recipe.objective, recipe.optimizer, axis_name=layout.axis_name, padded=False
    )
    batches = jax.tree.map(
        lambda leaf: np.broadcast_to(leaf, (steps, *leaf.shape)), _batch(inputs, targets)
    )
    return (
        layout,
        step,
        put(layout.split(batches), layout),
        [layout.put(_first_state(recipe, inputs))],
    )


def _layout(recipe: "Recipe", inputs: np.ndarray) -> Any:
    import jax

    from dl import TrainOptions
    from dl.train.traced import choose_layout

    example = jax.ShapeDtypeStruct((1, *inputs.shape[1:]), inputs.dtype)
    return choose_layout(TrainOptions(batch_size=len(inputs)), recipe.model, example)


def _batch(inputs: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
    index = np.arange(len(inputs), dtype=np.int32)
    return {
        "inputs": inputs,
        "targets": targets,
        "mask": np.ones(targets.shape, np.float32),
        "index": index,
    }


def put(batches: Any, layout: Any) -> Any:
    """Put `batches` on the devices, split along their first axis, if there are several."""
    import jax
    from jax.sharding import NamedSharding, PartitionSpec

    from dl import make_mesh
    from dl.train.parallel import AXIS

    if len(layout.devices) == 1:
        return jax.device_put(batches, layout.devices[0])
    return jax.device_put(batches, NamedSharding(make_mesh(layout.devices), PartitionSpec(AXIS)))
