"""Training in this library."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import Workload, median_seconds

if TYPE_CHECKING:
    from dl import Parts

Run = Callable[[], Any]


def steps_workload(parts: "Parts", inputs: np.ndarray, targets: np.ndarray, *, steps: int) -> Workload:
    """`steps` steps on one resident batch: as a loop in Python or a compiled one, whichever is faster here."""
    ways = {
        "jit_step in a loop": python_loop(parts, inputs, targets, steps=steps),
        f"scan_steps of {steps}": compiled_loop(parts, inputs, targets, steps=steps),
    }
    for run in ways.values():
        run()
    seconds = {name: median_seconds(run, least=2, seconds=0.0) for name, run in ways.items()}
    fastest = min(ways, key=lambda name: seconds[name])
    return Workload(ways[fastest], steps * len(inputs), fastest)


def python_loop(parts: "Parts", inputs: np.ndarray, targets: np.ndarray, *, steps: int) -> Run:
    """`steps` calls of `jit_step`, over as many devices as share the batch."""
    import jax

    from dl import jit_step, make_train_step

    mesh = _mesh(len(inputs))
    step = jit_step(make_train_step(parts.objective, parts.optimizer), mesh)
    batch = _put(_batch(inputs, targets), mesh)
    held = [_put_whole(_first_state(parts, inputs), mesh)]
    one_at_a_time = mesh is not None and jax.default_backend() == "cpu"  # collectives of two programs would deadlock

    def run() -> None:
        for _ in range(steps):
            held[0], _sums = step(held[0], batch)
            if one_at_a_time:
                jax.block_until_ready(held)
        jax.block_until_ready(held)

    return run


def compiled_loop(parts: "Parts", inputs: np.ndarray, targets: np.ndarray, *, steps: int) -> Run:
    """One call of `scan_steps`."""
    import jax

    from dl import make_train_step, scan_steps

    mesh = _mesh(len(inputs))
    steps_of = scan_steps(make_train_step(parts.objective, parts.optimizer))
    call = jax.jit(steps_of, donate_argnums=0, out_shardings=_sharding(mesh))
    batch = jax.tree.map(lambda leaf: np.broadcast_to(leaf, (steps, *leaf.shape)), _batch(inputs, targets))
    batches = _put(batch, mesh, None)
    held = [_put_whole(_first_state(parts, inputs), mesh)]

    def run() -> None:
        held[0], _sums = jax.block_until_ready(call(held[0], batches))

    return run


def epoch_workload(parts: "Parts", pictures: np.ndarray, labels: np.ndarray, *, batch_size: int) -> Workload:
    """One epoch of the library's own loop: order, gathering, normalising, steps, records, the check of the state."""
    import jax

    from dl import TrainOptions
    from dl.data.batching import epoch_order
    from dl.data.dataset import ArraySource, make_dataset
    from dl.train.compiled import compile_parts, start_training
    from dl.train.loop import train_loop
    from dl.train.parallel import make_layout

    train = ArraySource(pictures, labels)
    data = make_dataset("generated", train, train.take(np.arange(1)), class_names=tuple("0123456789"))
    options = TrainOptions(epochs=1, batch_size=batch_size, validation=0.0)
    compiled = compile_parts(parts, data, options, make_layout(batch_size=batch_size))
    first = start_training(parts, data.spec, seed=0)

    def run() -> None:
        epoch_order.cache_clear()  # every epoch of a training draws its own order
        training, _ = train_loop(compiled, compiled.start(first), validates=False, batch_size=batch_size)
        jax.block_until_ready(training)

    note = f"{compiled.plan.chunk_steps} step(s) a call on {len(compiled.layout.devices)} device(s)"
    return Workload(run, compiled.plan.total_steps * batch_size, note)


def _first_state(parts: "Parts", inputs: np.ndarray) -> Any:
    import jax

    from dl import init_state

    shape = jax.ShapeDtypeStruct((1, *inputs.shape[1:]), inputs.dtype)
    return jax.jit(lambda: init_state(parts.model, parts.optimizer, shape, seed=0))()


def _batch(inputs: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
    index = np.arange(len(inputs), dtype=np.int32)
    return {"inputs": inputs, "targets": targets, "mask": np.ones(len(inputs), np.float32), "index": index}


def _mesh(batch_size: int) -> Any:
    """None on one device, which is what `jit_step` takes."""
    from dl import make_mesh
    from dl.train.parallel import make_layout

    devices = make_layout(batch_size=batch_size).devices
    return make_mesh(devices) if len(devices) > 1 else None


def _put(tree: Any, mesh: Any, *before: None) -> Any:
    """On the devices, split along the axis that comes after `before`."""
    import jax

    from dl.train.parallel import AXIS

    return jax.device_put(tree, _sharding(mesh, *before, AXIS))


def _put_whole(tree: Any, mesh: Any) -> Any:
    import jax

    return tree if mesh is None else jax.device_put(tree, _sharding(mesh))


def _sharding(mesh: Any, *axes: str | None) -> Any:
    from jax.sharding import NamedSharding, PartitionSpec

    return None if mesh is None else NamedSharding(mesh, PartitionSpec(*axes))
