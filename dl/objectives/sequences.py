"""Objectives of sequences whose every step has a target.

A step counts where `mask` [B, T] is 1.
"""

import jax.numpy as jnp
import optax

from dl import metrics
from dl.objectives.binding import bind
from dl.objectives.comparing import is_right, require_class_numbers, require_same_shape
from dl.types import Array, Batch, ExpRatio, Metrics, Model, Objective, Ratio


def next_symbol(model: Model) -> Objective:
    """Cross-entropy of the next symbol given those before it, a mean over all symbols.

    E = −1/N Σ_t log p(x_t | x_1, ..., x_{t−1}). Model outputs: logits [B, T, V]; `targets`: symbols
    [B, T], int. Rows that are `fresh` [B] start from a state of zeros, the others from the carry.
    Reports loss (nats per symbol), bits (per symbol: loss / ln 2), perplexity (e^loss), accuracy.
    Source: H5.

    The objective raises ValueError when it is traced with targets that are not integers [B, T].

    >>> from dl.models import language_model
    >>> model, symbols = language_model("rnn", 5, hidden_size=3), jnp.array([[0, 1, 2, 3]])
    >>> params, state = model.init(jax.random.key(0), symbols)
    >>> zeros = jax.tree.map(jnp.zeros_like, params)
    >>> batch = {"inputs": symbols[:, :-1], "targets": symbols[:, 1:], "mask": jnp.ones((1, 3))}
    >>> round(metrics.compute(next_symbol(model)(zeros, state, batch)[0])["perplexity"], 3)
    5.0
    """

    def report(logits: Array, batch: Batch) -> Metrics:
        require_class_numbers(logits, batch["targets"])
        nats = optax.softmax_cross_entropy_with_integer_labels(logits, batch["targets"])
        loss = metrics.from_batch(nats, batch["mask"])
        return {
            "loss": loss,
            "bits": Ratio(loss.sum / jnp.log(2.0), loss.count),
            "accuracy": metrics.from_batch(is_right(logits, batch["targets"]), batch["mask"]),
            "perplexity": ExpRatio(*loss),
        }

    return bind(model, report)


def frames(model: Model) -> Objective:
    """Cross-entropy of K yes-or-no outputs at every step, such as the notes of a chord.

    E_t = −Σ_k log p(y_tk), averaged over all steps. Model outputs: log-odds [B, T, K]; `targets`: 0
    or 1 [B, T, K]. Reports loss (nats per step) and the accuracy of Bay et al. 2009: TP / (TP + FP
    + FN) over all steps, where an output counts as predicted if its log-odds are above 0.

    The objective raises ValueError when it is traced with targets whose shape is not the outputs'.

    >>> from dl.models import step_model
    >>> model, keys = step_model("rnn", 2, hidden_size=3), jnp.ones((1, 4, 2))
    >>> params, state = model.init(jax.random.key(0), keys)
    >>> batch = {"inputs": keys, "targets": keys, "mask": jnp.ones((1, 4))}
    >>> zeros = jax.tree.map(jnp.zeros_like, params)
    >>> round(metrics.compute(frames(model)(zeros, state, batch)[0])["loss"], 3)  # 2 ln 2
    1.386
    """

    def report(logits: Array, batch: Batch) -> Metrics:
        require_same_shape(logits, batch["targets"])
        loss = jnp.sum(optax.sigmoid_binary_cross_entropy(logits, batch["targets"]), axis=-1)
        predicted, real = logits > 0, batch["targets"] > 0.5
        hits, either = (jnp.sum(notes, axis=-1) for notes in (predicted & real, predicted | real))
        counted = [metrics.from_batch(notes, batch["mask"]).sum for notes in (hits, either)]
        return {"loss": metrics.from_batch(loss, batch["mask"]), "accuracy": Ratio(*counted)}

    return bind(model, report)
