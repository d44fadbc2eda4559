"""A perceptron with 128 hidden units, one epoch over 60,000 generated pictures.

468 steps of plain gradient descent on batches of 128; otherwise as in `lenet_epoch`.
"""

from functools import partial

import numpy as np

from benchmarks.measure import Workload
from benchmarks.networks import mlp
from benchmarks.pictures import make_pictures
from benchmarks.systems import on_dl, on_flax, on_keras, on_torch

UNIT = "examples/s"
BATCH = 128


def _pictures(quick: bool) -> tuple[np.ndarray, np.ndarray]:
    return make_pictures(6_400 if quick else 60_000)


def with_dl(quick: bool) -> Workload:
    return on_dl.epoch_workload(mlp.dl_recipe(), *_pictures(quick), batch_size=BATCH)


def with_torch(quick: bool) -> Workload:
    return on_torch.epoch_workload(
        mlp.torch_network(), mlp.torch_optimizer, *_pictures(quick), batch_size=BATCH
    )


def with_keras(quick: bool, *, per_call: int = 1) -> Workload:
    return on_keras.epoch_workload(
        mlp.keras_network(),
        mlp.keras_optimizer(),
        *_pictures(quick),
        batch_size=BATCH,
        per_call=per_call,
    )


def with_flax(quick: bool) -> Workload:
    return on_flax.epoch_workload(
        mlp.flax_network(), mlp.flax_optimizer(), *_pictures(quick), batch_size=BATCH
    )


SYSTEMS = {
    "dl": with_dl,
    "torch": with_torch,
    "keras": with_keras,
    on_keras.MANY: partial(with_keras, per_call=on_keras.STEPS_PER_EXECUTION),
    "flax": with_flax,
}
