"""The residual network of `resnet_step`, one epoch over 12,800 generated pictures of 32×32×3.

Data order included; batches of 128, the loops of `lenet_epoch`.
"""

from functools import partial

import numpy as np

from benchmarks.measure import Workload
from benchmarks.networks import resnet
from benchmarks.pictures import make_pictures
from benchmarks.systems import on_dl, on_flax, on_keras, on_torch

UNIT = "examples/s"
BATCH = 128


def _pictures(quick: bool) -> tuple[np.ndarray, np.ndarray]:
    return make_pictures(256 if quick else 12_800, (32, 32, 3))


def with_dl(quick: bool) -> Workload:
    return on_dl.epoch_workload(resnet.dl_recipe(), *_pictures(quick), batch_size=BATCH)


def with_torch(quick: bool) -> Workload:
    return on_torch.epoch_workload(
        resnet.torch_network(), resnet.torch_optimizer, *_pictures(quick), batch_size=BATCH
    )


def with_keras(quick: bool, *, per_call: int = 1) -> Workload:
    return on_keras.epoch_workload(
        resnet.keras_network(),
        resnet.keras_optimizer(),
        *_pictures(quick),
        batch_size=BATCH,
        per_call=per_call,
    )


def with_flax(quick: bool) -> Workload:
    return on_flax.epoch_workload(
        resnet.flax_network(), resnet.flax_optimizer(), *_pictures(quick), batch_size=BATCH
    )


SYSTEMS = {
    "dl": with_dl,
    "torch": with_torch,
    "keras": with_keras,
    on_keras.MANY: partial(with_keras, per_call=on_keras.STEPS_PER_EXECUTION),
    "flax": with_flax,
}
