"""A character LSTM, one training step: 65 symbols, two layers of 256, texts of 64, batch 64.

Inputs are one-hot; cross-entropy over all positions, Adam at rate 0.002. `dl` takes the faster of a
Python loop and a compiled one, Keras its `fit`. Texts are [B, T] in all systems; where a layer
needs the time axis first, the step transposes them.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import Workload
from benchmarks.systems import on_dl, on_flax, on_keras, on_torch

if TYPE_CHECKING:
    from dl import Recipe

UNIT = "tokens/s"
SYMBOLS, SIZE, LAYERS = 65, 256, 2
STEPS, BATCH = 64, 64
RATE = 0.002


def with_dl(quick: bool) -> Workload:
    return _tokens(on_dl.steps_workload(dl_recipe(), **_work(quick)))


def with_torch(quick: bool) -> Workload:
    return _tokens(on_torch.steps_workload(torch_network(), _torch_adam, **_work(quick)))


def with_keras(quick: bool, *, per_call: int = 1) -> Workload:
    import keras

    return _tokens(
        on_keras.steps_workload(
            keras_network(), keras.optimizers.Adam(RATE), **_work(quick), per_call=per_call
        )
    )


def with_flax(quick: bool) -> Workload:
    import optax

    return _tokens(on_flax.steps_workload(flax_network(), optax.adam(RATE), **_work(quick)))


SYSTEMS = {
    "dl": with_dl,
    "torch": with_torch,
    "keras": with_keras,
    on_keras.MANY: partial(with_keras, per_call=on_keras.STEPS_PER_EXECUTION),
    "flax": with_flax,
}


def dl_recipe() -> "Recipe":
    """The library's language model and its objective."""
    from dl import Recipe, models, objectives, optimizers

    model = models.language_model("lstm", SYMBOLS, hidden_size=SIZE, num_layers=LAYERS)
    return Recipe(model, objectives.next_symbol(model), optimizers.adam(RATE))


def flax_network() -> Any:
    """`nn.RNN` twice."""
    import jax
    from flax import linen as nn

    layers = [nn.RNN(nn.OptimizedLSTMCell(SIZE)) for _ in range(LAYERS)]
    return nn.Sequential([lambda texts: jax.nn.one_hot(texts, SYMBOLS), *layers, nn.Dense(SYMBOLS)])


def torch_network() -> Any:
    """`nn.LSTM` with two layers, weights as PyTorch makes them."""
    import torch
    from torch import nn

    class CharLSTM(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(SYMBOLS, SIZE, num_layers=LAYERS, batch_first=True)
            self.output = nn.Linear(SIZE, SYMBOLS)

        def forward(self, texts: torch.Tensor) -> torch.Tensor:
            return self.output(self.lstm(nn.functional.one_hot(texts.long(), SYMBOLS).float())[0])

    return CharLSTM()


def keras_network() -> Any:
    """`LSTM` twice."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((STEPS,), dtype="int32"),
            layers.Lambda(
                lambda texts: keras.ops.one_hot(texts, SYMBOLS), output_shape=(STEPS, SYMBOLS)
            ),
            *[layers.LSTM(SIZE, return_sequences=True) for _ in range(LAYERS)],
            layers.Dense(SYMBOLS),
        ]
    )


def _torch_adam(params: Any) -> Any:
    import torch

    return torch.optim.Adam(params, lr=RATE)


def _work(quick: bool) -> dict[str, Any]:
    texts = np.random.default_rng(0).integers(0, SYMBOLS, (BATCH, STEPS + 1), dtype=np.int32)
    inputs, targets = np.ascontiguousarray(texts[:, :-1]), np.ascontiguousarray(texts[:, 1:])
    return {"inputs": inputs, "targets": targets, "steps": 1 if quick else 10}


def _tokens(workload: Workload) -> Workload:
    return Workload(workload.run, workload.amount * STEPS, workload.note)
