"""A committee: several trained nets of one kind whose answers are averaged."""

from typing import Any

import jax
import jax.numpy as jnp

from dl.data.tasks import TASKS, TaskName
from dl.errors import InputError
from dl.types import Array, Autoencoder, Carry, Key, Model, ModelState, Params, PyTree


def committee(model: Model, members: int, *, task: TaskName) -> Model:
    """`members` nets like `model`, as one model that answers with the mean of their probabilities.

    Every array of its parameters and state has a first axis [members, ...]. Outputs are logits of
    the mean, log(1/K Σ_k p_k), so that they mean what those of one net mean. Outputs that are no
    probabilities, such as those of the task "regression", are averaged as they are. A member that
    has diverged, so that a parameter is not finite, is left out of the mean. Recurrent members
    carry their states on side by side, [B, members, ...]. A committee is evaluated and applied; it
    is not trained. A population is (`members` of `dl.TrainOptions`). Source: D7, E15.

    Raises:
        InputError: for an auto-encoder, a model that carries a state through every step of its
            training, and a task whose probabilities are neither those of a softmax nor of sigmoids.

    >>> from dl.models import mlp
    >>> model = committee(mlp(3, hidden_sizes=(4,)), 2, task="classification")
    >>> params, state = model.init(jax.random.key(0), jnp.ones((1, 5)))
    >>> params["output"]["kernel"].shape
    (2, 4, 3)
    >>> jnp.exp(model.apply(params, state, jnp.ones((1, 5)))[0]).sum().round(4).tolist()
    1.0
    """
    if isinstance(model, Autoencoder) or model.always_carries:
        raise InputError(f"{model.name} gives no answers that could be averaged over a committee")
    if TASKS[task].probabilities not in (None, jax.nn.sigmoid, jax.nn.softmax):
        raise InputError(f"the probabilities of the task {task} have no mean that is known here")

    def init(key: Key, inputs: Any) -> tuple[Params, ModelState]:
        return jax.vmap(lambda own: model.init(own, inputs))(jax.random.split(key, members))

    def apply(
        params: Params,
        model_state: ModelState,
        inputs: Any,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Array, ModelState, Carry]:
        if train:
            raise InputError("a committee is not trained as a whole: train its members")

        # One after the other: some nets are fast on a CPU only in the form that they have alone.
        def answer(member: tuple[Params, ModelState, Carry]) -> tuple[Array, Carry]:
            outputs, _, carry = model.apply(*member[:2], inputs, carry=member[2])
            return outputs, carry

        outputs, after = jax.lax.map(answer, (params, model_state, _swapped(carry)))
        asked = finite_members((params, model_state), members)
        return mean_answer(outputs, task, asked=asked), model_state, _swapped(after)

    def initial_carry(rows: int) -> Carry:
        return jax.tree.map(
            lambda leaf: jnp.repeat(leaf[:, None], members, axis=1), model.zero_carry(rows)
        )

    name = f"committee of {members} {model.name}"
    carries = None if model.initial_carry is None else initial_carry
    return Model(name, init, apply, initial_carry=carries)


def mean_answer(outputs: Array, task: TaskName, *, asked: Array | None = None) -> Array:
    """The outputs [B, ...] that stand for the mean of the answers of K nets [K, B, ...].

    `asked` [K] tells which of the nets count. By default all do, and so they do where it says none.

    >>> odds = jnp.log(jnp.array([[0.9, 0.1], [0.5, 0.5]]))[:, None]
    >>> mean = jnp.exp(mean_answer(odds, "classification"))
    >>> [round(float(p), 3) for p in mean[0]]
    [0.7, 0.3]
    """
    asked = jnp.ones(len(outputs), bool) if asked is None else asked | ~asked.any()
    outputs, weights = outputs.astype(jnp.float32), asked / asked.sum()
    if TASKS[task].probabilities is None:
        return _mean(outputs, weights)
    if TASKS[task].probabilities is jax.nn.sigmoid:
        yes, no = jax.nn.log_sigmoid(outputs), jax.nn.log_sigmoid(-outputs)
        return _log_mean(yes, weights) - _log_mean(no, weights)
    return _log_mean(jax.nn.log_softmax(outputs), weights)


def finite_members(tree: PyTree, members: int) -> Array:
    """Whether all numbers of each member are finite: arrays [K, ...] -> [K].

    >>> finite_members({"w": jnp.array([[1.0, 2.0], [jnp.inf, 0.0]])}, 2).tolist()
    [True, False]
    """
    finite = [jnp.isfinite(leaf).reshape(members, -1).all(axis=1) for leaf in jax.tree.leaves(tree)]
    return jnp.array(finite).all(axis=0)


def _swapped(carry: Carry) -> Carry:
    """Rows and members of a carry change places: [B, K, ...] -> [K, B, ...], and back."""
    return jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), carry)


def _mean(values: Array, weights: Array) -> Array:
    """Σ_k w_k y_k: [K, ...], [K] -> [...]. What weighs nothing may be nan."""
    weights = weights.reshape(-1, *[1] * (values.ndim - 1))
    return jnp.where(weights > 0, weights * values, 0.0).sum(axis=0)


def _log_mean(logs: Array, weights: Array) -> Array:
    """log Σ_k w_k exp(a_k): [K, ...], [K] -> [...]."""
    weights = weights.reshape(-1, *[1] * (logs.ndim - 1))
    return jax.nn.logsumexp(jnp.where(weights > 0, logs, 0.0), axis=0, b=weights)
