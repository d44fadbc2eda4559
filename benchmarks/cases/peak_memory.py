"""Peak resident memory of 20 LeNet training steps on a batch of 128, above that after imports.

It includes compilation, the network, and what a system allocates at its first use, but no memory of
a GPU.
"""

from benchmarks.measure import Measurement, memory_above_now
from benchmarks.networks import lenet
from benchmarks.pictures import make_batch
from benchmarks.systems import on_dl, on_flax, on_keras, on_torch

UNIT = "MiB"
STEPS = 20


def with_dl(quick: bool) -> Measurement:
    from dl import Recipe, init_state, jit_step, make_train_step, models, objectives, optimizers  # noqa: F401

    batch = make_batch()
    return Measurement(
        memory_above_now(lambda: on_dl.python_loop(lenet.dl_recipe(), *batch, steps=STEPS)())
    )


def with_torch(quick: bool) -> Measurement:
    import torch  # noqa: F401

    inputs, targets = make_batch()

    def train() -> None:
        on_torch.steps_workload(
            lenet.torch_network(), lenet.torch_optimizer, inputs, targets, steps=STEPS
        ).run()

    return Measurement(memory_above_now(train))


def with_keras(quick: bool) -> Measurement:
    import keras  # noqa: F401

    inputs, targets = make_batch()

    def train() -> None:
        on_keras.steps_workload(
            lenet.keras_network(), lenet.keras_optimizer(), inputs, targets, steps=STEPS
        ).run()

    return Measurement(memory_above_now(train))


def with_flax(quick: bool) -> Measurement:
    import jax  # noqa: F401
    import optax  # noqa: F401
    from flax import linen  # noqa: F401

    inputs, targets = make_batch()

    def train() -> None:
        on_flax.steps_workload(
            lenet.flax_network(), lenet.flax_optimizer(), inputs, targets, steps=STEPS
        ).run()

    return Measurement(memory_above_now(train))


SYSTEMS = {"dl": with_dl, "torch": with_torch, "keras": with_keras, "flax": with_flax}
