"""LeNet, one epoch over 60,000 generated pictures, data order included.

`dl` uses the loop of its runner, PyTorch and Flax gather batches in random order from the whole
set, Keras calls `fit`. Pictures are bytes, normalised batch by batch; batches of 128, the
incomplete last batch is dropped.
"""

from functools import partial

import numpy as np

from benchmarks.measure import Workload
from benchmarks.networks import lenet
from benchmarks.pictures import make_pictures
from benchmarks.systems import on_dl, on_flax, on_keras, on_torch

UNIT = "examples/s"
BATCH = 128


def _pictures(quick: bool) -> tuple[np.ndarray, np.ndarray]:
    return make_pictures(1_280 if quick else 60_000)


def with_dl(quick: bool) -> Workload:
    return on_dl.epoch_workload(lenet.dl_recipe(), *_pictures(quick), batch_size=BATCH)


def with_torch(quick: bool) -> Workload:
    return on_torch.epoch_workload(
        lenet.torch_network(), lenet.torch_optimizer, *_pictures(quick), batch_size=BATCH
    )


def with_keras(quick: bool, *, per_call: int = 1) -> Workload:
    return on_keras.epoch_workload(
        lenet.keras_network(),
        lenet.keras_optimizer(),
        *_pictures(quick),
        batch_size=BATCH,
        per_call=per_call,
    )


def with_flax(quick: bool) -> Workload:
    return on_flax.epoch_workload(
        lenet.flax_network(), lenet.flax_optimizer(), *_pictures(quick), batch_size=BATCH
    )


SYSTEMS = {
    "dl": with_dl,
    "torch": with_torch,
    "keras": with_keras,
    on_keras.MANY: partial(with_keras, per_call=on_keras.STEPS_PER_EXECUTION),
    "flax": with_flax,
}
