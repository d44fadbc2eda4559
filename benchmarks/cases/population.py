"""Sixteen perceptrons 784-128-10, 100 steps each, in one program or one after another.

Gradient descent at rate 0.1 on batches of 128 that differ from step to step and are the same for
every member; members differ in their seed. "dl" trains all in one program, `map_population`; "dl
one by one" and PyTorch train one at a time.
"""

from typing import Any

import numpy as np

from benchmarks.measure import Workload
from benchmarks.networks import mlp
from benchmarks.pictures import make_batch
from benchmarks.systems import on_torch

UNIT = "examples/s"
MEMBERS, BATCH = 16, 128


def with_dl(quick: bool) -> Workload:
    import jax
    from jax.sharding import NamedSharding, PartitionSpec

    from dl import make_mesh, map_population

    steps, init, batches = _dl_program(quick)
    batches = jax.device_put(batches, NamedSharding(make_mesh(), PartitionSpec()))
    held = [map_population(init, MEMBERS)(np.arange(MEMBERS))]
    train = map_population(lambda state, batches: steps(state, batches)[0], MEMBERS)

    def run() -> None:
        held[0] = jax.block_until_ready(train(held[0], batches))

    return Workload(run, _examples(quick), f"one program on {jax.device_count()} device(s)")


def with_dl_one_by_one(quick: bool) -> Workload:
    import jax

    steps, init, batches = _dl_program(quick)
    make, train = jax.jit(init), jax.jit(steps)
    states = [make(seed) for seed in range(MEMBERS)]
    return Workload(
        lambda: jax.block_until_ready([train(state, batches) for state in states]), _examples(quick)
    )


def with_torch(quick: bool) -> Workload:
    device = on_torch.set_up()
    members = [
        on_torch.make_step(mlp.torch_network().to(device), mlp.torch_optimizer)
        for _ in range(MEMBERS)
    ]
    batches = [on_torch.to_tensors(*batch, device) for batch in zip(*_batches(quick), strict=True)]

    def run() -> None:
        for step in members:
            for batch in batches:
                step(*batch)
        on_torch.synchronize()

    return Workload(run, _examples(quick))


SYSTEMS = {"dl": with_dl, "dl one by one": with_dl_one_by_one, "torch": with_torch}


def _dl_program(quick: bool) -> tuple[Any, Any, Any]:
    """All steps of one member, its first state, and the batches [steps, B, ...]."""
    import jax

    from dl import init_state, make_train_step, scan_steps

    recipe = mlp.dl_recipe()
    inputs, targets = _batches(quick)
    count = (len(inputs), BATCH)
    mask, index = np.ones(count, np.float32), np.zeros(count, np.int32)
    shape = jax.ShapeDtypeStruct((1, *inputs.shape[2:]), inputs.dtype)
    batches = jax.device_put({"inputs": inputs, "targets": targets, "mask": mask, "index": index})
    steps = scan_steps(make_train_step(recipe.objective, recipe.optimizer))
    return steps, lambda seed: init_state(recipe.model, recipe.optimizer, shape, seed=seed), batches


def _batches(quick: bool) -> tuple[np.ndarray, np.ndarray]:
    inputs, targets = make_batch(_steps(quick) * BATCH)
    return inputs.reshape(-1, BATCH, *inputs.shape[1:]), targets.reshape(-1, BATCH)


def _examples(quick: bool) -> int:
    return MEMBERS * BATCH * _steps(quick)


def _steps(quick: bool) -> int:
    return 10 if quick else 100
