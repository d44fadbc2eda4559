"""Objectives of sequences whose every step has a target.

A step counts where `mask` [B, T] is 1.
"""

from functools import partial

import jax.numpy as jnp
import optax

from dl import metrics
from dl.objectives.binding import bind
from dl.objectives.comparing import (
    class_entropy,
    is_right,
    require_class_numbers,
    require_same_shape,
    smoothed,
)
from dl.ranges import Range, check_number, is_zero
from dl.types import Array, Batch, ExpRatio, Metrics, Model, Objective, Ratio


def next_symbol(model: Model, *, label_smoothing: float = 0.0) -> Objective:
    """Cross-entropy of the next symbol given those before it, a mean over all symbols.

    E = −1/N Σ_t log p(x_t | x_1, ..., x_{t−1}). Model outputs: logits [B, T, V]; `targets`: symbols
    [B, T], int. With `label_smoothing` ε the training loss is that of targets (1 − ε) t + ε/V; all
    that is reported beside it, and every evaluation, is not smoothed. Rows that are `fresh` [B]
    start from a state of zeros, the others from the carry. Reports loss (nats per symbol), bits
    (per symbol: loss / ln 2), perplexity (e^loss), accuracy. Source: H5.

    The objective raises ValueError when it is traced with targets that are not integers [B, T].

    >>> from dl.models import language_model
    >>> model, symbols = language_model("rnn", 5, hidden_size=3), jnp.array([[0, 1, 2, 3]])
    >>> params, state = model.init(jax.random.key(0), symbols)
    >>> zeros = jax.tree.map(jnp.zeros_like, params)
    >>> batch = {"inputs": symbols[:, :-1], "targets": symbols[:, 1:], "mask": jnp.ones((1, 3))}
    >>> round(metrics.compute(next_symbol(model)(zeros, state, batch)[0])["perplexity"], 3)
    5.0
    """

    check_number("label_smoothing", label_smoothing, Range(at_least=0, below=1))

    def report(logits: Array, batch: Batch) -> Metrics:
        require_class_numbers(logits, batch["targets"])
        nats = class_entropy(logits, batch["targets"], smoothing=0.0)
        loss = metrics.from_batch(nats, batch["mask"])
        return {
            "loss": loss,
            "bits": Ratio(loss.sum / jnp.log(2.0), loss.count),
            "accuracy": metrics.from_batch(is_right(logits, batch["targets"]), batch["mask"]),
            "perplexity": ExpRatio(*loss),
        }

    def training(logits: Array, batch: Batch) -> Metrics:
        reported = report(logits, batch)
        if is_zero(label_smoothing):
            return reported
        nats = class_entropy(logits, batch["targets"], smoothing=label_smoothing)
        return {**reported, "loss": metrics.from_batch(nats, batch["mask"])}

    return bind(model, report, training=training, label_smoothing=label_smoothing)


def frames(model: Model, *, label_smoothing: float = 0.0) -> Objective:
    """Cross-entropy of K yes-or-no outputs at every step, such as the notes of a chord.

    E_t = −Σ_k log p(y_tk), averaged over all steps. Model outputs: log-odds [B, T, K]; `targets`: 0
    or 1 [B, T, K]; in training (1 − ε) t + ε/2 with `label_smoothing` ε. Reports loss (nats per
    step) and the accuracy of Bay et al. 2009: TP / (TP + FP + FN) over all steps, where an output
    counts as predicted if its log-odds are above 0.

    The objective raises ValueError when it is traced with targets whose shape is not the outputs'.

    >>> from dl.models import step_model
    >>> model, keys = step_model("rnn", 2, hidden_size=3), jnp.ones((1, 4, 2))
    >>> params, state = model.init(jax.random.key(0), keys)
    >>> batch = {"inputs": keys, "targets": keys, "mask": jnp.ones((1, 4))}
    >>> zeros = jax.tree.map(jnp.zeros_like, params)
    >>> round(metrics.compute(frames(model)(zeros, state, batch)[0])["loss"], 3)  # 2 ln 2
    1.386
    """

    check_number("label_smoothing", label_smoothing, Range(at_least=0, below=1))

    def report(logits: Array, batch: Batch, *, smoothing: float = 0.0) -> Metrics:
        require_same_shape(logits, batch["targets"])
        targets = smoothed(batch["targets"], smoothing, classes=2)
        loss = jnp.sum(optax.sigmoid_binary_cross_entropy(logits, targets), axis=-1)
        predicted, real = logits > 0, batch["targets"] > 0.5

        def count(notes: Array) -> Array:
            return metrics.from_batch(jnp.sum(notes, axis=-1), batch["mask"]).sum

        accuracy = Ratio(count(predicted & real), count(predicted | real))
        return {"loss": metrics.from_batch(loss, batch["mask"]), "accuracy": accuracy}

    training = partial(report, smoothing=label_smoothing)
    return bind(model, report, training=training, label_smoothing=label_smoothing)
