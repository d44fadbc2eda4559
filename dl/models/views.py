"""A classifier that looks at several views of an input before it answers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from dl.errors import InputError
from dl.types import Array, Carry, Key, Model, ModelState, Params

View = Callable[[Array], Array]


def averaged(model: Model, *views: View) -> Model:
    """`model`, which in evaluation answers with the mean of its probabilities over `views`.

    Outputs are log(1/V Σ_v softmax(f(view_v(x)))), [B, K], logits like any others. In training, and
    in its parameters and layers, it is the model itself. Source: Krizhevsky et al. 2012, section
    4.1, with ten views (E10).

    Raises:
        InputError: without a view, for a model that carries a state on; when it is applied, for a
            single output.

    >>> from dl.models import mlp
    >>> model = averaged(mlp(3, hidden_sizes=(4,)), lambda pictures: pictures, mirrored)
    >>> pictures = jax.random.normal(jax.random.key(0), (2, 5, 5, 1))
    >>> params, state = model.init(jax.random.key(1), pictures)
    >>> both = [model.apply(params, state, view)[0] for view in (pictures, mirrored(pictures))]
    >>> bool(jnp.allclose(*both, atol=1e-6)), jnp.exp(both[0]).sum(axis=-1).round(4).tolist()
    (True, [1.0, 1.0])
    """
    if not views:
        raise InputError("a mean over views needs at least one, such as dl.models.views.mirrored")
    if model.initial_carry is not None:
        raise InputError(
            f"{model.name} carries a state from one input to the next: "
            f"views are for classifiers, which do not"
        )

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
            return model.apply(params, model_state, inputs, train=True, key=key, carry=carry)
        logits = [model.apply(params, model_state, view(inputs), carry=carry)[0] for view in views]
        if logits[0].shape[-1] == 1:
            raise InputError(
                f"{model.name} has one output, a yes or no, and no classes to average over"
            )
        mean = jax.nn.logsumexp(jnp.stack([jax.nn.log_softmax(view) for view in logits]), axis=0)
        return mean - jnp.log(len(views)), model_state, carry

    return replace(model, apply=apply)


def mirrored(pictures: Array) -> Array:
    """Pictures [B, H, W, C] with left and right exchanged.

    >>> mirrored(jnp.arange(3).reshape(1, 1, 3, 1)).ravel().tolist()
    [2, 1, 0]
    """
    return pictures[:, :, ::-1]
