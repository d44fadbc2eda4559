"""Objectives of recommenders: ratings as numbers, and which items a user takes."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.layers.precision import product
from dl.layers.row_keys import for_all_rows
from dl.models.given import require_model
from dl.objectives.binding import bind, bind_forward
from dl.objectives.comparing import class_entropy, squared_error
from dl.ranges import Range, check_number, is_zero
from dl.types import (
    Array,
    Batch,
    Carry,
    Key,
    Model,
    ModelState,
    Objective,
    Params,
    Rated,
    Ratio,
    TwoTower,
)


def ratings(model: Model, *, penalty: float = 0.0) -> Objective:
    """Squared error of ratings, with a penalty on the rows of the user and the item.

    E = (r − r̂)² + λ ‖z‖², where z are the numbers of this user and this item in all tables, biases
    too, and λ is the `penalty`. So a row is drawn to 0 once for each of its ratings. The penalty is
    in the training loss alone; ratings are clipped to their scale in evaluation alone.

    Model outputs: r̂ [B, 1], or in training `Rated`; `targets`: r [B, 1]. Reports loss, mse, mae.
    Source: H7; Koren, Bell & Volinsky 2009, equation 5.

    Raises:
        InputError: for a negative penalty.
    """
    check_number("penalty", penalty, Range(at_least=0))

    def report(outputs: Array, batch: Batch) -> dict[str, Array]:
        error = squared_error(outputs, batch["targets"])
        absolute = jnp.abs(outputs - batch["targets"])[:, 0]
        return {"loss": error, "mse": error, "mae": absolute}

    def training(outputs: Array | Rated, batch: Batch) -> dict[str, Array]:
        if not isinstance(outputs, Rated):
            return report(outputs, batch)
        values = report(outputs.ratings, batch)
        if not is_zero(penalty):
            values["loss"] += penalty * jnp.sum(outputs.rows**2, axis=-1)
        return values

    return bind(model, report, training=training, task="regression")


class _Part(NamedTuple):
    """What is read of each history, what is to be predicted, both [B, I], and the candidates."""

    read: Array
    wanted: Array
    candidates: Array
    log_weights: Array


def retrieval(
    model: TwoTower,
    frequencies: Array | np.ndarray,
    *,
    hidden: float = 0.5,
    negatives: int = 2048,
    balance: float = 0.0,
) -> Objective:
    """Sampled softmax of a two-tower model: from a part of what a user took to all the rest.

    In training each item of a history is hidden with probability `hidden`. With the hidden items
    and the target together as H, and what is still read as K, E = −1/|H| Σ_{i ∈ H} s_i + log Z.
    Z = Σ_i exp s_i over all items but K is estimated from the target t and `negatives` items that
    are drawn with probabilities q in proportion to `frequencies` + 1, all for the whole batch:
    Z ≈ exp s_t + Σ_{c ≠ t} exp(s_c − log(n q_c)), whose expectation is Z. With 0
    negatives Z is computed exactly, and so it is in evaluation, where E = −log p(target | history).
    Who took m items has m examples; with a `balance` β each weighs m^−β in training, so that few
    very active users do not decide alone. At β = 1 all users count alike.

    Model inputs: histories [B, I]; `targets`: item numbers [B], int. Reports loss (nats).
    Source: H7; sampling: Bengio & Senécal 2008; correction: Yi et al. 2019; hidden items: Liang et
    al. 2018, arXiv:1802.05814.

    Raises:
        InputError: for another model, `frequencies` that are not one for each item, and numbers out
            of range.
    """
    check_number("hidden", hidden, Range(at_least=0, below=1))
    check_number("balance", balance, Range(at_least=0, at_most=1))
    check_number("negatives", negatives, Range(at_least=0), whole=True)
    require_model(model, by="an objective")
    if not isinstance(model, TwoTower):
        raise InputError(f"{model.name} has no two towers: make one with dl.models.two_tower")
    _check_frequencies(model, frequencies)
    counts = np.asarray(frequencies, np.float64) + 1.0
    q = counts / counts.sum()
    log_q, up_to = (jnp.asarray(each, jnp.float32) for each in (np.log(q), np.cumsum(q)))

    def split(key: Key, batch: Batch) -> _Part:
        hiding, drawing = jax.random.split(key)
        taken, targets = batch["inputs"], batch["targets"]
        random = jax.random.bits(hiding, taken.shape, jnp.uint8).astype(jnp.float32)
        read = jnp.where(random < 256 * hidden, 0.0, taken)
        wanted = taken - read + jax.nn.one_hot(targets, taken.shape[1])
        if not negatives:
            return _Part(read, wanted, jnp.arange(len(log_q)), jnp.zeros(len(log_q)))
        # Not `jax.random.categorical`, which draws a number for each of all items each time.
        drawn = jnp.searchsorted(up_to, jax.random.uniform(for_all_rows(drawing), (negatives,)))
        drawn = drawn.clip(max=len(q) - 1)  # the last sum may be rounded to less than 1
        return _Part(read, wanted, drawn, -jnp.log(negatives) - log_q[drawn])

    def training(params: Params, part: _Part, targets: Array) -> Array:
        users = model.user_vectors(params, part.read)
        vectors, bias = model.item_vectors(params, jnp.arange(len(q)))
        own = jnp.sum(users * vectors[targets], axis=-1) + bias[targets]
        scores = (
            product(users, vectors[part.candidates].T)
            + (bias[part.candidates] + part.log_weights)[None]
        )
        left_out = (part.read[:, part.candidates] > 0) | (part.candidates[None] == targets[:, None])
        others = jnp.where(left_out, -jnp.inf, scores)
        log_z = jax.nn.logsumexp(jnp.concatenate([own[:, None], others], axis=1), axis=1)
        right = jnp.sum(users * product(part.wanted, vectors), axis=-1) + part.wanted @ bias
        return log_z - right / part.wanted.sum(axis=-1)

    def forward(
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool,
        key: Key | None,
        carry: Carry,
    ) -> tuple[Any, ModelState, Carry]:
        if train and key is not None:
            part = split(key, batch)
            return training(params, part, batch["targets"]), model_state, carry
        return model.apply(params, model_state, batch["inputs"])[0], model_state, carry

    def report(logits: Array, batch: Batch) -> dict[str, Array | Ratio]:
        return {"loss": class_entropy(logits, batch["targets"], smoothing=0.0)}

    def in_training(outputs: Array, batch: Batch) -> dict[str, Array | Ratio]:
        if outputs.ndim > 1:
            return report(outputs, batch)
        if is_zero(balance):
            return {"loss": outputs}
        weights = batch["mask"] * (1.0 + batch["inputs"].sum(axis=-1)) ** -balance
        return {"loss": Ratio(jnp.sum(weights * outputs), jnp.sum(weights))}

    objective = bind_forward(forward, report, training=in_training)
    objective.__dict__.update(
        task="retrieval",
        rebind=lambda other: bind(other, report, task="retrieval"),
    )
    return objective


def _check_frequencies(model: TwoTower, frequencies: Array | np.ndarray) -> None:
    """Raise an `InputError` unless there is a frequency for each item of the model."""
    counts = np.asarray(frequencies)
    if counts.shape != (model.items,) or not (counts >= 0).all():
        raise InputError(
            f"frequencies are {counts.shape}, the model has {model.items} items: give how often "
            "each was taken"
        )
