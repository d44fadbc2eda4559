"""A character LSTM, one training step: 65 symbols one-hot, two layers of 256, 64 characters, batch 64.

Cross-entropy over all positions, Adam at rate 0.002. `dl` takes the faster of a Python loop and a compiled one, Keras
its `fit`. Texts [B, T] lie batch first everywhere; what a layer wants time first is turned inside the step.
"""

from typing import Any

import numpy as np

from benchmarks.measure import Workload
from benchmarks.systems import on_dl, on_flax, on_keras, on_torch

UNIT = "tokens/s"
SYMBOLS, SIZE, LAYERS = 65, 256, 2
STEPS, BATCH = 64, 64
RATE = 0.002


def with_dl(quick: bool) -> Workload:
    return _tokens(on_dl.steps_workload(dl_parts(), **_work(quick)))


def with_torch(quick: bool) -> Workload:
    return _tokens(on_torch.steps_workload(torch_network(), _torch_adam, **_work(quick)))


def with_keras(quick: bool) -> Workload:
    import keras

    return _tokens(on_keras.steps_workload(keras_network(), keras.optimizers.Adam(RATE), **_work(quick)))


def with_flax(quick: bool) -> Workload:
    import optax

    return _tokens(on_flax.steps_workload(flax_network(), optax.adam(RATE), **_work(quick)))


SYSTEMS = {"dl": with_dl, "torch": with_torch, "keras": with_keras, "flax": with_flax}


def dl_parts() -> Any:
    """Two recurrent layers and a dense one as a pair of functions, and the objective over all positions."""
    from dl import Parts, optimizers
    from dl.types import Model

    model = Model("char_lstm", _dl_init, _dl_apply)
    return Parts(model, _objective(model), optimizers.adam(RATE))


def _dl_init(key: Any, inputs: Any) -> tuple[Any, Any]:
    import jax
    import jax.numpy as jnp

    from dl.layers.recurrent import init_layer

    first, second, last = jax.random.split(key, 3)
    return {
        "lstm1": init_layer("lstm", first, input_size=SYMBOLS, hidden_size=SIZE),
        "lstm2": init_layer("lstm", second, input_size=SIZE, hidden_size=SIZE),
        "kernel": jax.nn.initializers.lecun_normal()(last, (SIZE, SYMBOLS)),
        "bias": jnp.zeros(SYMBOLS),
    }, {}


def _dl_apply(params: Any, model_state: Any, inputs: Any, **_: Any) -> tuple[Any, Any, Any]:
    import jax

    from dl.layers.recurrent import recurrent_layer

    hidden = jax.nn.one_hot(inputs.T, SYMBOLS)
    for name in ("lstm1", "lstm2"):
        hidden, _carry = recurrent_layer("lstm", params[name], hidden)
    return (hidden @ params["kernel"] + params["bias"]).swapaxes(0, 1), model_state, ()


def _objective(model: Any) -> Any:
    import optax

    from dl import metrics

    def objective(params: Any, model_state: Any, batch: Any, **options: Any) -> tuple[Any, Any, Any]:
        logits, model_state, carry = model.apply(params, model_state, batch["inputs"])
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch["targets"]).mean(axis=-1)
        return {"loss": metrics.from_batch(losses, batch["mask"])}, model_state, carry

    return objective


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
            layers.Lambda(lambda texts: keras.ops.one_hot(texts, SYMBOLS), output_shape=(STEPS, SYMBOLS)),
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
