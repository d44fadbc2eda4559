"""A committee: several trained nets of one kind whose answers are averaged."""

from typing import Any

import jax
import jax.numpy as jnp

from dl.data.tasks import TaskName
from dl.errors import InputError
from dl.types import Array, Autoencoder, Carry, Key, Model, ModelState, Params


def committee(model: Model, members: int, *, task: TaskName) -> Model:
    """`members` nets like `model`, as one model that answers with the mean of their probabilities.

    Every array of its parameters and state has a first axis [members, ...]. Outputs are logits of
    the mean, log(1/K Σ_k p_k), so that they mean what those of one net mean; numbers (task
    "regression") are averaged as they are. It is evaluated and applied, not trained: a population
    trains (`members` of `dl.TrainOptions`). Source: D7, E15.

    Raises:
        InputError: for an auto-encoder, and a model that carries a state on.

    >>> from dl.models import mlp
    >>> model = committee(mlp(3, hidden_sizes=(4,)), 2, task="classification")
    >>> params, state = model.init(jax.random.key(0), jnp.ones((1, 5)))
    >>> params["output"]["kernel"].shape
    (2, 4, 3)
    >>> jnp.exp(model.apply(params, state, jnp.ones((1, 5)))[0]).sum().round(4).tolist()
    1.0
    """
    if isinstance(model, Autoencoder) or model.initial_carry is not None:
        raise InputError(f"{model.name} gives no answers that could be averaged over a committee")

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
        def answer(member: tuple[Params, ModelState]) -> Array:
            return model.apply(*member, inputs)[0]

        outputs = jax.lax.map(answer, (params, model_state))
        return mean_answer(outputs, task), model_state, carry

    return Model(f"committee of {members} {model.name}", init, apply)


def mean_answer(outputs: Array, task: TaskName) -> Array:
    """The outputs [B, ...] that stand for the mean of the answers of K nets [K, B, ...].

    >>> odds = jnp.log(jnp.array([[0.9, 0.1], [0.5, 0.5]]))[:, None]
    >>> jnp.exp(mean_answer(odds, "classification")).round(2).tolist()
    [[0.7, 0.3]]
    """
    outputs = outputs.astype(jnp.float32)
    if task == "regression":
        return outputs.mean(axis=0)
    if task in ("binary", "frames"):
        yes, no = _log_mean(jax.nn.log_sigmoid(outputs)), _log_mean(jax.nn.log_sigmoid(-outputs))
        return yes - no
    return _log_mean(jax.nn.log_softmax(outputs))


def _log_mean(logs: Array) -> Array:
    """log(1/K Σ_k exp(a_k)): [K, ...] -> [...]."""
    return jax.nn.logsumexp(logs, axis=0) - jnp.log(len(logs))
