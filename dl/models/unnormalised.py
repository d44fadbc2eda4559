"""Models of values from 0 to 1, applied to pictures that were normalised."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import jaxpr_as_fun

from dl.types import Array, Carry, Key, LayerTrace, Model, ModelState, Params


class Scale(NamedTuple):
    """The normalisation of data: x̂ = (x − `mean`) / `std`, per channel.

    >>> Scale((0.5,), (0.25,)).undo(jnp.array([[2.0]])).tolist()
    [[1.0]]
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def apply(self, values: Array) -> Array:
        """Normalised values: [B, ..., C] -> the same."""
        return (values - self._of(self.mean, values)) / self._of(self.std, values)

    def undo(self, normalised: Array) -> Array:
        """The values before they were normalised: [B, ..., C] -> the same."""
        return normalised * self._of(self.std, normalised) + self._of(self.mean, normalised)

    def _of(self, moments: tuple[float, ...], like: Array) -> Array:
        return jnp.asarray(moments, like.dtype).reshape(*(1,) * (like.ndim - 1), -1)


def unnormalised(model: Model, *, mean: Sequence[float], std: Sequence[float]) -> Model:
    """`model`, applied to x̂ · std + mean: it sees pictures from 0 (black) to 1 (white) again.

    `mean` and `std` are those of the data (`DataSpec`), per channel. A net that begins with the
    weights of a `belief_net` needs such inputs, because that net was trained on them.

    >>> from dl.models import mlp
    >>> plain = mlp(3, hidden_sizes=())
    >>> params, state = plain.init(jax.random.key(0), jnp.ones((1, 4)))
    >>> model = unnormalised(plain, mean=(0.5,), std=(0.25,))
    >>> same = plain.apply(params, state, jnp.ones((1, 4)))[0]
    >>> bool(jnp.allclose(model.apply(params, state, jnp.full((1, 4), 2.0))[0], same))
    True
    """
    scale = Scale(tuple(mean), tuple(std))
    inner, trace = model.activations, model.trace

    def apply(
        params: Params,
        model_state: ModelState,
        inputs: Any,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Array, ModelState, Carry]:
        return model.apply(
            params, model_state, scale.undo(inputs), train=train, key=key, carry=carry
        )

    def activations(params: Params, model_state: ModelState, inputs: Array) -> Any:
        return inner(params, model_state, scale.undo(inputs))  # type: ignore[misc]

    return replace(
        model,
        apply=apply,
        trace=trace and (lambda inputs: scaled_trace(trace(inputs), scale)),
        activations=inner and activations,
    )


def scaled_trace(trace: LayerTrace, scale: Scale) -> LayerTrace:
    """The computation of `trace` on inputs whose normalisation `scale` is undone first."""
    compute = jaxpr_as_fun(trace.jaxpr)

    def scaled(*leaves: Array) -> list[Array]:
        *variables, inputs = leaves
        return compute(*variables, scale.undo(inputs))

    shapes = [jax.ShapeDtypeStruct(each.shape, each.dtype) for each in trace.jaxpr.in_avals]
    return trace._replace(jaxpr=jax.make_jaxpr(scaled)(*shapes))
