"""A net that remembers itself as it was at earlier steps, to play against (H1)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from dl.types import Array, Carry, Key, Model, ModelState, Params


def with_earlier_selves(model: Model, count: int) -> Model:
    """`model` with room for `count` earlier states of its parameters, in its model state.

    The model state becomes {"net": that of the model, "earlier": {"params", "state"} with leaves
    [count, ...], "steps": []}. `keep_self` fills the places, which hold the first parameters until
    then. `earlier_self` gives one back.

    >>> import dl
    >>> model = with_earlier_selves(dl.models.mlp(2), 3)
    >>> params, state = model.init(jax.random.key(0), jnp.ones((1, 4)))
    >>> state["earlier"]["params"]["output"]["bias"].shape
    (3, 2)
    """

    def init(key: Key, inputs: Any) -> tuple[Params, ModelState]:
        params, net = model.init(key, inputs)
        copies = jax.tree.map(lambda leaf: jnp.stack([leaf] * count), (params, net))
        earlier = {"params": copies[0], "state": copies[1]}
        return params, {"net": net, "earlier": earlier, "steps": jnp.int32(0)}

    def apply(
        params: Params,
        model_state: ModelState,
        inputs: Any,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Array, ModelState, Carry]:
        outputs, net, carry = model.apply(
            params, model_state["net"], inputs, train=train, key=key, carry=carry
        )
        return outputs, {**model_state, "net": net}, carry

    def activations(params: Params, model_state: ModelState, inputs: Array) -> Any:
        assert model.activations is not None
        return model.activations(params, model_state["net"], inputs)

    return replace(
        model, init=init, apply=apply, activations=activations if model.activations else None
    )


def has_earlier_selves(model_state: ModelState) -> bool:
    """Whether this is the state of a model `with_earlier_selves`."""
    return isinstance(model_state, Mapping) and {"net", "earlier", "steps"} == {*model_state}


def keep_self(model_state: ModelState, params: Params, place: Array) -> ModelState:
    """The model state with `params` at `place` [] of the earlier selves.

    Where `place` is −1 or no such place, nothing is kept.
    """
    earlier = model_state["earlier"]
    now = {"params": params, "state": model_state["net"]}
    kept = jax.tree.map(
        lambda all_of_them, own: jnp.where(
            place < 0, all_of_them, all_of_them.at[place].set(own, mode="drop")
        ),
        earlier,
        now,
    )
    return {**model_state, "earlier": kept}


def earlier_self(model_state: ModelState, place: int | Array) -> tuple[Params, ModelState]:
    """Parameters and model state of the net as it was; a state that `apply` takes."""
    own = jax.tree.map(lambda leaf: leaf[place], model_state["earlier"])
    return own["params"], {**model_state, "net": own["state"]}
