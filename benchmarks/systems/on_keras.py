"""Training in Keras on JAX, its own way: `compile` and `fit` on arrays.

`per_call` is Keras' `steps_per_execution`, which "keras 20 a call" sets and "keras" leaves at 1. In
Keras 3.15 the steps of a call follow each other in Python, and only the callbacks are spared.
"""

from typing import Any

import numpy as np

from benchmarks.measure import Workload

STEPS_PER_EXECUTION = 20
MANY = f"keras {STEPS_PER_EXECUTION} a call"


def steps_workload(
    network: Any,
    optimizer: Any,
    inputs: np.ndarray,
    targets: np.ndarray,
    *,
    steps: int,
    per_call: int = 1,
) -> Workload:
    """`steps` training steps: `fit` on `steps` copies of one batch."""
    _compile(network, optimizer, min(per_call, steps))
    many, wanted = np.concatenate([inputs] * steps), np.concatenate([targets] * steps)

    def run() -> None:
        network.fit(many, wanted, batch_size=len(inputs), epochs=1, shuffle=False, verbose=0)

    return Workload(run, len(many))


def epoch_workload(
    network: Any,
    optimizer: Any,
    pictures: np.ndarray,
    labels: np.ndarray,
    *,
    batch_size: int,
    per_call: int = 1,
) -> Workload:
    """One epoch of `fit` on full batches of shuffled bytes, normalised by a first layer."""
    import keras

    mean, std = float((pictures / 255.0).mean()), float((pictures / 255.0).std())
    normalise = keras.layers.Rescaling(1.0 / (255.0 * std), offset=-mean / std)
    network = keras.Sequential([keras.Input(pictures.shape[1:], dtype="uint8"), normalise, network])
    _compile(network, optimizer, per_call)
    full = len(pictures) // batch_size * batch_size

    def run() -> None:
        network.fit(pictures[:full], labels[:full], batch_size=batch_size, epochs=1, verbose=0)

    return Workload(run, full)


def _compile(network: Any, optimizer: Any, per_call: int) -> None:
    import keras

    network.compile(
        optimizer=optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=per_call,
    )
