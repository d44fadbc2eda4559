"""A model that remembers its own parameters from earlier in the training."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from dl.models.given import require_model
from dl.ranges import Range, check_number
from dl.types import EARLIER, Array, Carry, Key, Model, ModelState, Params


def with_earlier_selves(model: Model, count: int = 10) -> Model:
    """`model` with a pool of `count` sets of its parameters in its model state.

    The state has an entry `earlier` beside those of the model: `params`, the pool, with a first
    axis of `count`, and `steps`, the steps of training made. An objective that plays against
    earlier selves fills the pool (`renewed`). It is replicated over devices and is part of every
    checkpoint; a run that begins with the parameters of another one begins a pool of its own.

    Raises:
        InputError: for a pool of fewer than two.

    >>> import dl
    >>> model = with_earlier_selves(dl.models.mlp(3), 2)
    >>> _, state = model.init(jax.random.key(0), jnp.ones((1, 4)))
    >>> state["earlier"]["params"]["output"]["bias"].shape
    (2, 3)
    """
    require_model(model, by="with_earlier_selves")
    check_number("count", count, Range(at_least=2), whole=True)

    def init(key: Key, inputs: Any) -> tuple[Params, ModelState]:
        params, model_state = model.init(key, inputs)
        pool = {"params": _copies(params, count), "steps": jnp.zeros((), jnp.int32)}
        return params, {**model_state, EARLIER: pool}

    def apply(
        params: Params,
        model_state: ModelState,
        inputs: Any,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Array, ModelState, Carry]:
        outputs, own, carry = model.apply(
            params, without_pool(model_state), inputs, train=train, key=key, carry=carry
        )
        return outputs, {**own, EARLIER: model_state[EARLIER]}, carry

    activations = model.activations and (
        lambda params, state, inputs: model.activations(params, without_pool(state), inputs)  # type: ignore[misc]
    )
    return replace(model, init=init, apply=apply, activations=activations)


def without_pool(model_state: ModelState) -> ModelState:
    """The model state without the pool."""
    return {name: entry for name, entry in model_state.items() if name != EARLIER}


def renewed(pool: Any, params: Params, *, every: int) -> Any:
    """The pool at the beginning of a step: `params` are those that the step begins with.

    At step 0 all of it is `params`: the training may have begun with those of another run. After
    each `every` steps the oldest entry becomes `params`, but entry 0 is kept: where it began.

    >>> pool = {"params": jnp.zeros(3), "steps": jnp.int32(4)}
    >>> renewed(pool, jnp.float32(7), every=4)
    {'params': Array([0., 7., 0.], dtype=float32), 'steps': Array(5, dtype=int32)}
    """
    steps, params = pool["steps"], jax.tree.map(jax.lax.stop_gradient, params)
    count = len(jax.tree.leaves(pool["params"])[0])
    oldest = 1 + (steps // every - 1) % (count - 1)
    entry = jnp.arange(count)
    taken = (steps == 0) | ((entry == oldest) & (steps % every == 0))

    def renew(old: Array, new: Array) -> Array:
        return jnp.where(taken.reshape(-1, *[1] * jnp.ndim(new)), new[None], old)

    return {"params": jax.tree.map(renew, pool["params"], params), "steps": steps + 1}


def _copies(params: Params, count: int) -> Params:
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (count, *leaf.shape)), params)
