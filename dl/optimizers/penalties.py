"""The penalties of B3 on weights: L2 and L1, in the gradient or beside it."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from dl.ranges import Range, check_number, is_zero
from dl.types import Array, Params, PyTree

NOT_NEGATIVE = Range(at_least=0)


def check_penalties(weight_decay: float | Array, l1: float | Array) -> None:
    """Raise an `InputError` for a λ below 0."""
    for name, value in (("weight_decay", weight_decay), ("l1", l1)):
        if not callable(value):  # a schedule is Optax's own way
            check_number(name, value, NOT_NEGATIVE)


def penalties(weight_decay: float | Array, l1: float | Array) -> optax.GradientTransformation:
    """g ← g + λ₂ w + λ₁ sign(w), the gradient of ½λ₂‖W‖² + λ₁ Σ|w|. Biases have no penalty."""
    decay: Callable = optax.add_decayed_weights
    decayed = decay(weight_decay, mask=is_weight)
    return decayed if is_zero(l1) else optax.chain(decayed, _towards_zero(l1))


def beside(
    descent: optax.GradientTransformation,
    penalty: optax.GradientTransformation,
    rate: optax.GradientTransformation,
) -> optax.GradientTransformation:
    """The update of `descent`, plus that of `penalty` alone at the scheduled `rate`.

    This is decoupled decay: w ← w + Δ − α (λ₂ w + λ₁ sign(w)), where Δ does not know the penalty.
    Source: Loshchilov & Hutter 2019.
    """
    alone = optax.chain(penalty, rate)

    def init(params: Params) -> PyTree:
        return descent.init(params), alone.init(params)

    def update(updates: PyTree, state: PyTree, params: Params = None) -> tuple[PyTree, PyTree]:
        zeros = jax.tree.map(jnp.zeros_like, updates)
        updates, after = descent.update(updates, state[0], params)
        shrinking, alone_after = alone.update(zeros, state[1], params)
        return jax.tree.map(jnp.add, updates, shrinking), (after, alone_after)

    return optax.GradientTransformation(init, update)


def is_weight(params: Params) -> PyTree:
    """True for W, False for b: the penalty of B3 is on weights alone."""
    return jax.tree.map(lambda leaf: leaf.ndim > 1, params)


def _towards_zero(l1: float | Array) -> optax.GradientTransformation:
    """g + λ sign(w) for weights."""

    def update(updates: PyTree, params: Params) -> PyTree:
        return jax.tree.map(
            lambda g, w, penalised: g + l1 * jnp.sign(w) if penalised else g,
            updates,
            params,
            is_weight(params),
        )

    return optax.stateless(update)
