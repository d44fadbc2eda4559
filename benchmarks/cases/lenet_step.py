"""LeNet, one training step on a resident batch of 128.

Cross-entropy, momentum 0.9 at rate 0.01. `dl` takes the faster of a Python loop and a compiled one,
Keras its `fit`.
"""

from functools import partial

from benchmarks.measure import Workload
from benchmarks.networks import lenet
from benchmarks.pictures import make_batch
from benchmarks.systems import on_dl, on_flax, on_keras, on_torch

UNIT = "examples/s"


def _steps(quick: bool) -> int:
    return 5 if quick else 40


def with_dl(quick: bool) -> Workload:
    return on_dl.steps_workload(lenet.dl_recipe(), *make_batch(), steps=_steps(quick))


def with_torch(quick: bool) -> Workload:
    return on_torch.steps_workload(
        lenet.torch_network(), lenet.torch_optimizer, *make_batch(), steps=_steps(quick)
    )


def with_torch_compile(quick: bool) -> Workload:
    network = lenet.torch_network()
    return on_torch.steps_workload(
        network, lenet.torch_optimizer, *make_batch(), steps=_steps(quick), compiled=True
    )


def with_keras(quick: bool, *, per_call: int = 1) -> Workload:
    return on_keras.steps_workload(
        lenet.keras_network(),
        lenet.keras_optimizer(),
        *make_batch(),
        steps=_steps(quick),
        per_call=per_call,
    )


def with_flax(quick: bool) -> Workload:
    return on_flax.steps_workload(
        lenet.flax_network(), lenet.flax_optimizer(), *make_batch(), steps=_steps(quick)
    )


SYSTEMS = {
    "dl": with_dl,
    "torch": with_torch,
    "torch.compile": with_torch_compile,
    "keras": with_keras,
    on_keras.MANY: partial(with_keras, per_call=on_keras.STEPS_PER_EXECUTION),
    "flax": with_flax,
}
