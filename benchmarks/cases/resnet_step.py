"""A residual network of 20 layers on 32×32×3, one training step on a resident batch of 128.

Cross-entropy, momentum 0.9 at rate 0.1. `dl` takes the faster of a Python loop and a compiled one,
Keras its `fit`.
"""

from functools import partial
from typing import Any

from benchmarks.measure import Workload
from benchmarks.networks import resnet
from benchmarks.pictures import make_batch
from benchmarks.systems import on_dl, on_flax, on_keras, on_torch

UNIT = "examples/s"


def _work(quick: bool) -> dict[str, Any]:
    inputs, targets = make_batch(128, (32, 32, 3))
    return {"inputs": inputs, "targets": targets, "steps": 1 if quick else 5}


def with_dl(quick: bool) -> Workload:
    return on_dl.steps_workload(resnet.dl_recipe(), **_work(quick))


def with_torch(quick: bool) -> Workload:
    return on_torch.steps_workload(resnet.torch_network(), resnet.torch_optimizer, **_work(quick))


def with_torch_compile(quick: bool) -> Workload:
    return on_torch.steps_workload(
        resnet.torch_network(), resnet.torch_optimizer, **_work(quick), compiled=True
    )


def with_keras(quick: bool, *, per_call: int = 1) -> Workload:
    return on_keras.steps_workload(
        resnet.keras_network(), resnet.keras_optimizer(), **_work(quick), per_call=per_call
    )


def with_flax(quick: bool) -> Workload:
    return on_flax.steps_workload(resnet.flax_network(), resnet.flax_optimizer(), **_work(quick))


SYSTEMS = {
    "dl": with_dl,
    "torch": with_torch,
    "torch.compile": with_torch_compile,
    "keras": with_keras,
    on_keras.MANY: partial(with_keras, per_call=on_keras.STEPS_PER_EXECUTION),
    "flax": with_flax,
}
